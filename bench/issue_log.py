"""The issues pack with a large log: the engine by bench_issues, the rest through the command line."""

import concurrent.futures
import dataclasses
import json
import pathlib
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

    def findings(self) -> list[Finding]:
        title = f"{self.issues:,} issues of {self.events:,} events"
        lines = []
        for name, (what, limit, at_least) in GOALS.items():
            figure = self.figures[name]
            goal = "" if limit is None else f"{'≥' if at_least else '≤'} {limit:g} {figure.unit}"
            lines.append(Finding(f"{title}: {what}", figure, goal=goal, limit=limit, at_least=at_least))
        lines.append(Finding(f"{title}: durable events, 64 callers", self.figures["64 callers"], "commits by libgit2",
                             self.figures["commit floor"], goal="≥ 2 ×", limit=2.0, of="ratio", at_least=True))
        return lines


def issue_log(binaries: pathlib.Path, directory: pathlib.Path, quick: bool) -> IssueLog:
    issues, each = (1_000, 10) if quick else (10_000, 10)
    directory.mkdir(parents=True)
    for name in ("work", "floor"):
        subprocess.run(["git", "init", "-q", name], cwd=directory, check=True)
    done = subprocess.run([binaries / "bench_issues", directory, str(issues), str(each)], check=True,
                          capture_output=True, text=True)
    figures = {line["name"]: Series(line["values"], line["unit"]) for line in map(json.loads, done.stdout.splitlines())}
    return IssueLog(issues, issues * each, figures | through_the_command_line(binaries, directory))


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
        timed()  # fills the cache
        warm = statistics.median(timed() for _ in range(50))
        with concurrent.futures.ThreadPoolExecutor(50) as pool:
            start = time.perf_counter()
            list(pool.map(lambda _: timed(), range(50)))
            together = 1000 * (time.perf_counter() - start)
        pid = json.loads(daemon("status"))["data"]["pid"]
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
