#!/usr/bin/env python3
"""Holds the tree against tools/layers.toml: includes, link lists, and a few rules of shape.

    tools/check_layers.py                 check; findings as file:line: rule, and what to do
    tools/check_layers.py --write-docs    print the table into docs/architecture.md
    tools/check_layers.py --root DIR      check another tree (the self-test does)

Exit status: 0 clean, 1 findings, 2 the check itself cannot run.
"""

import argparse
import fnmatch
import pathlib
import re
import subprocess
import sys
import tomllib
from typing import Iterator, NamedTuple

BEGIN, END = "<!-- layers:begin -->", "<!-- layers:end -->"
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')
# Homes and checkouts of single machines. Written so that this file does not match itself.
MACHINE_PATH = re.compile(r"(?<![\w.~})])/(?:roo" + r"t/|wor" + r"k/(?:main|shared)\b)")


class Finding(NamedTuple):
    path: str
    line: int
    rule: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}; {self.remedy}"


class Table:
    """The rules of layers.toml."""

    def __init__(self, text: str) -> None:
        data = tomllib.loads(text)
        self.folders: dict[str, list[str]] = data["folders"]
        self.restricted: list[dict] = data.get("restricted", [])

    def folder_of(self, path: str) -> str | None:
        """The folder of src/ that `path` (below src/) belongs to: the longest one that is in the table."""
        parts = path.split("/")[:-1]
        for depth in range(len(parts), 0, -1):
            if self.pattern_of("/".join(parts[:depth])) is not None:
                return "/".join(parts[:depth])
        return None

    def pattern_of(self, folder: str) -> str | None:
        """The table's key for a folder; a * in a key stands for exactly one name."""
        for key in self.folders:
            same_depth = key.count("/") == folder.count("/")
            if same_depth and all(fnmatch.fnmatchcase(*pair) for pair in zip(folder.split("/"), key.split("/"))):
                return key
        return None

    def may_see(self, folder: str, other: str) -> bool:
        sees = self.folders[self.pattern_of(folder)]
        # A pack sees the folders below its own.
        return folder == other or "*" in sees or other in sees or other.startswith(folder + "/")


def tracked_files(root: pathlib.Path) -> list[str]:
    """Files of the tree: those git knows or would add; all files where there is no git."""
    listing = subprocess.run(
        ["git", "-C", str(root), "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        capture_output=True, check=False)
    if listing.returncode == 0:
        names = listing.stdout.decode().split("\0")
        return sorted(name for name in names if name and (root / name).is_file())
    return sorted(str(p.relative_to(root)) for p in root.rglob("*") if p.is_file())


def check_include(table: Table, path: str, line: int, bracket: str, target: str) -> Iterator[Finding]:
    """One #include of the file src/`path`."""
    shown = "src/" + path
    for rule in table.restricted:
        allowed = any(fnmatch.fnmatchcase(path, only) for only in rule["only"])
        if fnmatch.fnmatchcase(target, rule["include"]) and not allowed:
            yield Finding(shown, line, f"{rule['what']} ({target}) may not be included here", rule["remedy"])
            return
    if bracket == "<":
        return
    folder, other = table.folder_of(path), table.folder_of(target)
    if other is None:
        yield Finding(shown, line, f'"{target}" names no folder of src/', "include by the path below src/")
    elif folder is not None and not table.may_see(folder, other):
        allowed_text = ", ".join(table.folders[table.pattern_of(folder)]) or "nothing"
        yield Finding(shown, line, f"{folder} may not include {other} ({target})",
                      f"{folder} sees {allowed_text}: move the code down, or hand it an interface")


def check_sources(table: Table, root: pathlib.Path, files: list[str]) -> Iterator[Finding]:
    for name in files:
        if not name.startswith("src/") or not name.endswith((".hpp", ".cpp", ".h")):
            continue
        path = name.removeprefix("src/")
        lines = (root / name).read_text(encoding="utf-8").splitlines()
        if table.folder_of(path) is None:
            yield Finding(name, 1, "this folder is not in tools/layers.toml", "add it with what it may see")
        for number, text in enumerate(lines, 1):
            if match := INCLUDE.match(text):
                yield from check_include(table, path, number, *match.groups())


def link_lists(text: str) -> Iterator[tuple[int, str]]:
    """(line, hearth target) for each target that a CMakeLists.txt's hearth_library() calls link."""
    uncommented = re.sub(r"#[^\n]*", "", text)
    for call in re.finditer(r"\bhearth_library\s*\(([^)]*)\)", uncommented):
        links = re.search(r"\b(?:LINKS|PRIVATE)\b.*", call.group(1), re.DOTALL)
        if links is None:
            continue
        offset = call.start(1) + links.start()
        for target in re.finditer(r"\bhearth_\w+", links.group(0)):
            yield uncommented.count("\n", 0, offset + target.start()) + 1, target.group(0)


def library_folders(table: Table, root: pathlib.Path, files: list[str]) -> dict[str, str | None]:
    """The folder of the table that makes each library; a part of a folder may be a library of its own."""
    made = {}
    for name in files:
        if name.startswith("src/") and name.endswith("/CMakeLists.txt"):
            for call in re.finditer(r"\bhearth_library\s*\(\s*(\w+)", (root / name).read_text(encoding="utf-8")):
                made["hearth_" + call.group(1)] = table.folder_of(name.removeprefix("src/"))
    return made


def check_links(table: Table, root: pathlib.Path, files: list[str]) -> Iterator[Finding]:
    """What a library links must be what its folder may include."""
    made = library_folders(table, root, files)
    for name in files:
        if not name.startswith("src/") or not name.endswith("/CMakeLists.txt"):
            continue
        folder = table.folder_of(name.removeprefix("src/"))
        if folder is None:
            continue
        for line, target in link_lists((root / name).read_text(encoding="utf-8")):
            other = made.get(target)  # external bundles (hearth_sqlite) are not made in src/
            if other is not None and not table.may_see(folder, other):
                yield Finding(name, line, f"{folder} may not link {target}", "link only what the folder may include")


def check_headers(root: pathlib.Path, files: list[str]) -> Iterator[Finding]:
    for name in files:
        if not name.endswith(".hpp"):
            continue
        lines = (root / name).read_text(encoding="utf-8").splitlines()
        if not lines or not lines[0].startswith("//"):
            yield Finding(name, 1, "a header opens with a comment", "say what the file is for, before #pragma once")
        if "#pragma once" not in lines:
            yield Finding(name, 1, "no #pragma once", "add it after the opening comment")


def names_test(cmake_lists: str, test: str) -> bool:
    """Whether a CMakeLists.txt names a test file: outright, or as ${name}_test.cpp in a foreach over its names."""
    words = re.split(r"[\s()/]+", re.sub(r"#[^\n]*", "", cmake_lists))
    in_loop = any(re.fullmatch(r"\$\{\w+\}_test\.cpp", word) for word in words)
    return test in words or (in_loop and test.removesuffix("_test.cpp") in words)


def check_tests(root: pathlib.Path, files: list[str]) -> Iterator[Finding]:
    """A test that no CMakeLists names is never run."""
    for name in files:
        if not name.startswith("tests/") or not name.endswith("_test.cpp"):
            continue
        path = pathlib.PurePosixPath(name)
        lists = [root / folder / "CMakeLists.txt" for folder in (path.parent, path.parent.parent)]
        if not any(file.is_file() and names_test(file.read_text(encoding="utf-8"), path.name) for file in lists):
            yield Finding(name, 1, "no CMakeLists.txt names this test", "add it to the folder's hearth_test()")


def check_machine_paths(root: pathlib.Path, files: list[str]) -> Iterator[Finding]:
    """Paths of one developer's machine mean nothing on another."""
    for name in files:
        if name.startswith("fuzz/corpus/"):
            continue  # recorded bytes
        try:
            text = (root / name).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if MACHINE_PATH.search(line):
                yield Finding(name, number, "a path of one machine", "use a path relative to the tree, or a variable")


def check_tree(root: pathlib.Path) -> list[Finding]:
    table = Table((root / "tools/layers.toml").read_text(encoding="utf-8"))
    files = tracked_files(root)
    findings = [
        *check_sources(table, root, files),
        *check_links(table, root, files),
        *check_headers(root, files),
        *check_tests(root, files),
        *check_machine_paths(root, files),
    ]
    page = root / "docs/architecture.md"
    if page.is_file() and with_table(page.read_text(encoding="utf-8"), table) != page.read_text(encoding="utf-8"):
        findings.append(Finding("docs/architecture.md", 1, "the table of layers is out of date",
                                "run tools/check_layers.py --write-docs"))
    return findings


def markdown(table: Table) -> str:
    """The table as it stands in docs/architecture.md."""
    rows = ["| folder of `src/` | may include |", "|---|---|"]
    for folder, sees in table.folders.items():
        shown = "everything" if "*" in sees else ", ".join(f"`{other}`" for other in sees) or "the standard library"
        rows.append(f"| `{folder.replace('*', 'X')}` | {shown} |")
    rows += ["", "| only these | may include |", "|---|---|"]
    for rule in table.restricted:
        only = ", ".join(f"`{path.removesuffix('/*').replace('*', 'X')}`" for path in rule["only"]) or "nobody"
        rows.append(f"| {only} | {rule['what']} (`{rule['include']}`) |")
    return "\n".join(rows)


def with_table(page: str, table: Table) -> str:
    """`page` with the table between its markers, or unchanged where it has none."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        return page
    return f"{before}{BEGIN}\n{markdown(table)}\n{END}{after}"


def write_docs(root: pathlib.Path) -> None:
    page = root / "docs/architecture.md"
    table = Table((root / "tools/layers.toml").read_text(encoding="utf-8"))
    text = page.read_text(encoding="utf-8")
    if BEGIN not in text or END not in text:
        sys.exit(f"{page}: no {BEGIN} … {END} to write between")
    page.write_text(with_table(text, table), encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent)
    parser.add_argument("--write-docs", action="store_true")
    options = parser.parse_args()
    if options.write_docs:
        write_docs(options.root)
        return 0
    findings = check_tree(options.root)
    for finding in findings:
        print(finding)
    print(f"layers: {len(findings)} findings" if findings else "layers: clean")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
