"""Proves that tools/check_layers.py can fail: each rule is broken once in a small tree, and once kept."""

import pathlib
import shutil
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import check_layers  # noqa: E402


class CheckLayers(unittest.TestCase):
    def setUp(self) -> None:
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="hearth-layers-"))
        self.addCleanup(shutil.rmtree, self.root)
        self.write("tools/layers.toml", (HERE / "layers.toml").read_text(encoding="utf-8"))

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def findings(self) -> list[str]:
        return [str(finding) for finding in check_layers.check_tree(self.root)]

    def assert_one(self, start: str, word: str) -> None:
        found = self.findings()
        self.assertEqual(len(found), 1, found)
        self.assertTrue(found[0].startswith(start), found[0])
        self.assertIn(word, found[0])

    def test_accepts_a_tree_that_keeps_the_rules(self) -> None:
        self.write("src/base/a.hpp", "// A thing.\n#pragma once\n#include <string>\n")
        self.write("src/ipc/b.cpp", '#include "base/a.hpp"\n#include "json/json.hpp"\n')
        self.write("src/packs/knowledge/engine/c.cpp", '#include "store/sqlite.hpp"\n')
        self.write("src/packs/sql/wire.cpp", '#include "packs/sql/engine/c.hpp"\n#include "json/record.hpp"\n')
        self.write("src/app/main.cpp", '#include "packs/sql/sql.hpp"\n#include <string>\n')
        self.assertEqual(self.findings(), [])

    def test_refuses_an_include_upwards(self) -> None:
        self.write("src/base/a.cpp", '#include <string>\n#include "ipc/frame.hpp"\n')
        self.assert_one("src/base/a.cpp:2:", "base may not include ipc")

    def test_refuses_one_pack_in_another(self) -> None:
        self.write("src/packs/sql/sql.cpp", '#include "packs/knowledge/knowledge.hpp"\n')
        self.assert_one("src/packs/sql/sql.cpp:1:", "may not include packs/knowledge")

    def test_refuses_the_pack_in_its_engine(self) -> None:
        self.write("src/packs/sql/engine/run.cpp", '#include "packs/sql/sql.hpp"\n')
        self.assert_one("src/packs/sql/engine/run.cpp:1:", "may not include packs/sql")

    def test_refuses_json_outside_the_wire(self) -> None:
        self.write("src/packs/sql/sql.hpp", '// SQL.\n#pragma once\n#include "json/json.hpp"\n')
        self.assert_one("src/packs/sql/sql.hpp:3:", "JSON values")

    def test_refuses_libraries_outside_their_folder(self) -> None:
        for include in ("sys/epoll.h", "boost/beast/http.hpp", "toml++/toml.h", "sqlite3.h",
                        "CLI/CLI.hpp", "boost/json/value.hpp"):
            with self.subTest(include):
                self.write("src/client/a.cpp", f"#include <{include}>\n")
                self.assert_one("src/client/a.cpp:1:", include)

    def test_refuses_an_include_that_is_not_below_src(self) -> None:
        self.write("src/ipc/frame.cpp", '#include "frame.hpp"\n')
        self.assert_one("src/ipc/frame.cpp:1:", "names no folder")

    def test_refuses_an_unknown_folder(self) -> None:
        self.write("src/utils/a.cpp", "int a;\n")
        self.assert_one("src/utils/a.cpp:1:", "not in tools/layers.toml")

    def test_refuses_a_link_that_may_not_be_included(self) -> None:
        self.write("src/ipc/CMakeLists.txt", "hearth_library(ipc SOURCES a.cpp LINKS hearth_base)\n")
        self.write("src/base/CMakeLists.txt", "hearth_library(\n  base SOURCES a.cpp\n  LINKS hearth_ipc)\n")
        self.assert_one("src/base/CMakeLists.txt:3:", "base may not link hearth_ipc")

    def test_holds_a_part_with_a_library_of_its_own_to_the_rules_of_its_folder(self) -> None:
        self.write("src/ipc/CMakeLists.txt", "hearth_library(ipc SOURCES a.cpp LINKS hearth_base)\n")
        self.write("src/packs/sql/engine/parts/CMakeLists.txt", "hearth_library(parts SOURCES a.cpp LINKS hearth_ipc)\n")
        self.write("src/packs/sql/CMakeLists.txt", "hearth_library(sql SOURCES a.cpp LINKS hearth_parts)\n")
        self.assert_one("src/packs/sql/engine/parts/CMakeLists.txt:1:", "packs/sql/engine may not link hearth_ipc")

    def test_refuses_a_test_that_is_never_built(self) -> None:
        self.write("tests/ipc/CMakeLists.txt", "hearth_test(ipc SOURCES frame_test.cpp LINKS hearth_ipc)\n")
        self.write("tests/ipc/frame_test.cpp", "")
        self.write("tests/ipc/more_frame_test.cpp", "")
        self.assert_one("tests/ipc/more_frame_test.cpp:1:", "no CMakeLists.txt")

    def test_knows_tests_that_are_named_in_a_loop(self) -> None:
        self.write("tests/box/CMakeLists.txt",
                   "foreach(name kill start)\n  hearth_test(${name} SOURCES ${name}_test.cpp)\nendforeach() # lost\n")
        self.write("tests/box/kill_test.cpp", "")
        self.assertEqual(self.findings(), [])
        self.write("tests/box/lost_test.cpp", "")
        self.assert_one("tests/box/lost_test.cpp:1:", "no CMakeLists.txt")

    def test_refuses_a_header_without_guard_or_purpose(self) -> None:
        self.write("src/base/a.hpp", "// A thing.\nint a();\n")
        self.assert_one("src/base/a.hpp:1:", "#pragma once")
        self.write("src/base/a.hpp", "#pragma once\nint a();\n")
        self.assert_one("src/base/a.hpp:1:", "opens with a comment")

    def test_refuses_a_path_of_one_machine(self) -> None:
        self.write("docs/a.md", "fine\nsee " + "/ro" + "ot/notes\n")
        self.assert_one("docs/a.md:2:", "one machine")

    def test_refuses_a_stale_table_in_the_docs(self) -> None:
        self.write("docs/architecture.md", f"# A\n{check_layers.BEGIN}\nold\n{check_layers.END}\nmore\n")
        self.assert_one("docs/architecture.md:1:", "out of date")
        check_layers.write_docs(self.root)
        self.assertEqual(self.findings(), [])
        page = (self.root / "docs/architecture.md").read_text(encoding="utf-8")
        self.assertIn("| `base` | the standard library |", page)
        self.assertTrue(page.endswith("\nmore\n"))


if __name__ == "__main__":
    unittest.main()
