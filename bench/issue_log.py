"""The issues pack with a large log: the engine by bench_issues, the rest through the command line."""

import concurrent.futures
import dataclasses
import json
import pathlib
import shutil
import statistics
import subprocess
import time

from measure import Finding, Series

GOALS = {  # name: (what it is called, most or least, whether it is the least)
    "list 100": ("the first 100 open issues, in the engine", 0.2, False),
    "ready": ("what is ready, in the engine", 2.0, False),
    "search": ("full text of two words, in the engine", 3.0, False),
    "rebuild": ("computed again from the log", 400.0, False),
    "rebuild from snapshot": ("computed again from a snapshot", 50.0, False),
    "snapshot, first time": ("computed from a snapshot that was never read here", None, False),
    "open": ("a store opened from its cache", None, False),
    "1 caller": ("durable events, one caller", None, False),
    "64 callers": ("durable events, 64 callers", 2000.0, True),
    "memory": ("resident memory of the bench program", None, False),
    "warm": ("`hearth issues list --limit 100`, warm, with its process", 5.0, False),
    "together": ("50 of them at once, all", 150.0, False),
    "cold": ("the same without a daemon", 60.0, False),
    "resident": ("daemon, resident", 40.0, False),
}


@dataclasses.dataclass
class IssueLog:
    issues: int
    events: int
    figures: dict[str, Series]
    room: dict[str, tuple[Series, Series]]  # how 100 issues were made: packed by hearth, and by git

    def findings(self) -> list[Finding]:
        title = f"{self.issues:,} issues of {self.events:,} events"
        lines = []
        for name, (what, limit, at_least) in GOALS.items():
            figure = self.figures[name]
            goal = "" if limit is None else f"{'≥' if at_least else '≤'} {limit:g} {figure.unit}"
            lines.append(Finding(f"{title}: {what}", figure, goal=goal, limit=limit, at_least=at_least))
        lines.append(Finding(f"{title}: durable events, 64 callers", self.figures["64 callers"], "commits by libgit2",
                             self.figures["commit floor"], goal="≥ 2 ×", limit=2.0, of="ratio", at_least=True))
        for how, (packed, by_git) in self.room.items():
            lines.append(Finding(f"100 issues, made {how}: room on disk after `hearth issues compact`", packed,
                                 "`git gc --aggressive`", by_git, goal="≤ 50 KB", limit=50.0))
        return lines


def issue_log(binaries: pathlib.Path, directory: pathlib.Path, quick: bool) -> IssueLog:
    issues, each = (1_000, 10) if quick else (10_000, 10)
    directory.mkdir(parents=True)
    for name in ("work", "floor"):
        subprocess.run(["git", "init", "-q", name], cwd=directory, check=True)
    done = subprocess.run([binaries / "bench_issues", directory, str(issues), str(each)], check=True,
                          capture_output=True, text=True)
    figures = {line["name"]: Series(line["values"], line["unit"]) for line in map(json.loads, done.stdout.splitlines())}
    figures |= through_the_command_line(binaries, directory)
    return IssueLog(issues, issues * each, figures, room_on_disk(binaries, directory))


def through_the_command_line(binaries: pathlib.Path, directory: pathlib.Path) -> dict[str, Series]:
    environment = {"HEARTH_HOME": str(directory / "home"), "PATH": "/usr/bin:/bin", "HOME": str(directory)}
    words = [str(binaries / "hearth"), "issues", "list", "--limit", "100", "--json"]

    def timed() -> float:
        start = time.perf_counter()
        subprocess.run(words, cwd=directory / "work", env=environment, check=True, stdout=subprocess.DEVNULL)
        return 1000 * (time.perf_counter() - start)

    def daemon(verb: str) -> str:
        return subprocess.run([words[0], "daemon", verb, "--json"], env=environment, check=True, capture_output=True,
                              text=True).stdout

    try:
        timed()  # fills the cache, from a snapshot
        pid = json.loads(daemon("status"))["data"]["pid"]
        wait_for_comparison(pid)
        warm = statistics.median(timed() for _ in range(50))
        with concurrent.futures.ThreadPoolExecutor(50) as pool:
            start = time.perf_counter()
            list(pool.map(lambda _: timed(), range(50)))
            together = 1000 * (time.perf_counter() - start)
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        resident = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
        cold = []
        for _ in range(5):
            daemon("stop")
            cold.append(timed())
    finally:
        subprocess.run([words[0], "daemon", "stop"], env=environment, check=False, capture_output=True)
    return {"warm": Series([warm], "ms"), "together": Series([together], "ms"), "cold": Series(cold, "ms"),
            "resident": Series([resident / 1024], "MiB")}


def wait_for_comparison(pid: int) -> None:
    """A daemon that has begun with a snapshot it has never read compares it with the log once, beside its answers."""
    threads = pathlib.Path(f"/proc/{pid}/task")
    begins_before = time.monotonic() + 1
    is_over = False
    while not is_over:
        time.sleep(0.01)
        is_running = any((each / "comm").read_text() == "hearth-snapshot\n" for each in threads.iterdir())
        has_begun = is_running or time.monotonic() > begins_before
        begins_before = 0 if is_running else begins_before
        is_over = has_begun and not is_running


def room_on_disk(binaries: pathlib.Path, directory: pathlib.Path) -> dict[str, tuple[Series, Series]]:
    """What the objects of 100 issues of a title, two sentences and a label take, packed by hearth and by git."""
    environment = {"HEARTH_HOME": str(directory / "home"), "PATH": "/usr/bin:/bin", "HOME": str(directory)}
    issues = [{"title": f"Reader {i} loses the last line", "label": ["bug"],
               "body": f"A file without a newline at its end loses line {7 * i}. It should be read whole."} for i in range(100)]

    def run(repository: pathlib.Path, *words: object) -> None:
        subprocess.run(list(map(str, words)), cwd=repository, env=environment, check=True, stdout=subprocess.DEVNULL)

    def kilobytes(repository: pathlib.Path) -> float:
        return sum(file.stat().st_size for file in (repository / ".git/objects").rglob("*") if file.is_file()) / 1000

    def measured(name: str, make: list[list[object]]) -> tuple[Series, Series]:
        repository = directory / name
        run(directory, "git", "init", "-q", repository)
        for words in make:
            run(repository, binaries / "hearth", "issues", *words)
        by_git = directory / (name + "-git")
        shutil.copytree(repository, by_git)
        run(by_git, "git", "gc", "--quiet", "--aggressive")
        run(repository, binaries / "hearth", "issues", "compact")
        return Series([kilobytes(repository)], "KB"), Series([kilobytes(by_git)], "KB")

    batch = [word for each in issues for word in ("--issues", json.dumps(each))]
    try:
        return {
            "in one batch": measured("batch", [["create", *batch]]),
            "one by one": measured("single", [["create", each["title"], "--body", each["body"], "--label", "bug"]
                                              for each in issues]),
        }
    finally:
        subprocess.run([binaries / "hearth", "daemon", "stop"], env=environment, check=False, capture_output=True)
