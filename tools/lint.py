#!/usr/bin/env python3
"""Runs clang-tidy on the sources of src/ that changed since they last passed.

    tools/lint.py BUILD_DIRECTORY [--jobs N] [--all] [FILE …]

Most of a run goes into the headers that the sources of a library have in common, so that several are read as one.
Where that is not clean, be it for two things of one name, each is looked at by itself, and that counts.

A file that passed is remembered in BUILD_DIRECTORY/lint by a hash of everything the verdict depends on: the
compile command, .clang-tidy, the version of clang-tidy, and the contents of the file and of all headers the
compiler read for it (as recorded by ninja). Nothing is remembered for a file that was not compiled yet.
Exit status: 0 clean, 1 findings, 2 cannot run.
"""

import argparse
import concurrent.futures
import functools
import hashlib
import json
import pathlib
import re
import shlex
import subprocess
import sys

TIDY = "clang-tidy-19"
BATCH = 8
WARNINGS = ["-Wno-everything", "-Wreserved-identifier", "-Wzero-as-null-pointer-constant"]
ROOT = pathlib.Path(__file__).resolve().parent.parent


@functools.cache
def file_hash(path: str) -> str:
    """Contents for our files; size and time for the system's, which only a package changes."""
    file = pathlib.Path(path)
    try:
        if file.is_relative_to(ROOT):
            return hashlib.sha256(file.read_bytes()).hexdigest()
        stat = file.stat()
        return f"{stat.st_size} {stat.st_mtime_ns}"
    except OSError:
        return "missing"


def recorded_headers(build: pathlib.Path) -> dict[str, list[str]]:
    """What ninja knows of each object: object path -> files read."""
    listing = subprocess.run(["ninja", "-C", str(build), "-t", "deps"], capture_output=True, text=True, check=False)
    headers: dict[str, list[str]] = {}
    current: list[str] = []
    for line in listing.stdout.splitlines():
        if line.startswith("    "):
            current.append(str((build / line.strip()).resolve()))
        elif ": #deps" in line:
            name, _, state = line.partition(": #deps")
            current = []
            if "VALID" in state:
                headers[name] = current
    return headers


def key_of(entry: dict, headers: list[str], common: str) -> str:
    digest = hashlib.sha256(common.encode())
    digest.update(entry["command"].encode())
    for header in sorted({entry["file"], *headers}):
        digest.update(f"\n{header} {file_hash(header)}".encode())
    return digest.hexdigest()


def as_compiled_plainly(command: str) -> str:
    """Without ccache and precompiled headers, which only the compiler itself can read."""
    command = command[re.search(r"\S*clang\+\+", command).start():]
    return re.sub(r" -Xclang (?:-include-pch|-include) -Xclang \S+| -Xclang -fno-pch-timestamp", "", command)


def object_of(command: str) -> str:
    words = shlex.split(command)
    return words[words.index("-o") + 1]


def database(build: pathlib.Path, into: pathlib.Path) -> list[dict]:
    """The compile commands of src/, written for clang-tidy to read."""
    path = build / "compile_commands.json"
    if not path.is_file():
        sys.exit(f"lint: {path} is missing; run cmake --preset dev")
    entries = {entry["file"]: entry for entry in json.loads(path.read_text())}  # one verdict a file
    entries = [entry for file, entry in entries.items() if pathlib.Path(file).is_relative_to(ROOT / "src")]
    for entry in entries:
        entry["command"] = as_compiled_plainly(entry["command"])
    into.mkdir(parents=True, exist_ok=True)
    (into / "compile_commands.json").write_text(json.dumps(entries))
    return entries


def tidy(file: str, build: pathlib.Path, *options: str) -> tuple[bool, str]:
    # The compiler has checked its warnings already, but for those that .clang-tidy names.
    run = subprocess.run([TIDY, "--quiet", "-p", str(build), *(f"--extra-arg={flag}" for flag in WARNINGS), *options, file],
                         capture_output=True, text=True, check=False)
    # Findings come on standard output; standard error only counts what was suppressed, unless clang-tidy broke.
    return run.returncode == 0, run.stdout or run.stderr


def batches(entries: list[dict]) -> list[list[dict]]:
    """The sources of one library, a few at a time."""
    libraries: dict[str, list[dict]] = {}
    for entry in entries:
        libraries.setdefault(object_of(entry["command"]).partition(".dir/")[0], []).append(entry)
    return [of[at:at + BATCH] for of in libraries.values() for at in range(0, len(of), BATCH)]


def lint(batch: list[dict], cache: pathlib.Path) -> list[tuple[bool, str]]:
    """A verdict and findings for each."""
    if len(batch) > 1:
        name = hashlib.sha256(batch[0]["file"].encode()).hexdigest()[:16]
        directory = cache / name
        directory.mkdir(exist_ok=True)
        together = directory / "batch.cpp"
        together.write_text("".join(f'#include "{entry["file"]}"\n' for entry in batch))
        command = batch[0]["command"].replace(batch[0]["file"], str(together))
        entry = {"directory": batch[0]["directory"], "file": str(together), "command": command}
        (directory / "compile_commands.json").write_text(json.dumps([entry]))
        checks = "--checks=-bugprone-suspicious-include"
        if tidy(str(together), directory, checks, f"--config-file={ROOT / '.clang-tidy'}")[0]:
            return [(True, "")] * len(batch)
    return [tidy(entry["file"], cache) for entry in batch]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--all", action="store_true", help="forget what passed before")
    parser.add_argument("files", nargs="*", help="only these (default: all of src/)")
    options = parser.parse_intermixed_args()

    build = options.build.resolve()
    cache = build / "lint"
    entries = database(build, cache)
    if options.files:
        wanted = {str(pathlib.Path(name).resolve()) for name in options.files}
        entries = [entry for entry in entries if entry["file"] in wanted]
    version = subprocess.run([TIDY, "--version"], capture_output=True, text=True, check=True).stdout
    common = version + " ".join(WARNINGS) + (ROOT / ".clang-tidy").read_text()
    headers = recorded_headers(build)

    passed_file = cache / "passed.json"
    passed: set[str] = set()
    if passed_file.is_file() and not options.all:
        passed = set(json.loads(passed_file.read_text()))
    keys = {}
    for entry in entries:
        if known := headers.get(object_of(entry["command"])):
            keys[entry["file"]] = key_of(entry, known, common)
    todo = [entry for entry in entries if keys.get(entry["file"]) not in passed]
    together = batches(todo)
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for batch, verdicts in zip(together, pool.map(lambda batch: lint(batch, cache), together)):
            for entry, (is_clean, output) in zip(batch, verdicts):
                if is_clean and entry["file"] in keys:
                    passed.add(keys[entry["file"]])
                if not is_clean:
                    failed += 1
                    print(output.replace(f"{ROOT}/", ""), end="", flush=True)
    if not options.files:
        passed &= set(keys.values())  # what no file needs any more is forgotten
    passed_file.write_text(json.dumps(sorted(passed)))
    print(f"lint: {len(entries)} files, {len(todo)} checked, {failed} with findings")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
