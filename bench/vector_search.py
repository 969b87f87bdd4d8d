"""What bench/run measures of the vector index: the same vectors and queries for hearth, hnswlib, usearch and FAISS."""

import dataclasses
import json
import math
import pathlib
import statistics
import time

from measure import Finding, Place, Series, series

TURNS = 3
PATIENCE = 7200  # seconds for one step
TITLES = {"hearth4": "hearth", "hnswlib": "hnswlib", "usearch": "usearch", "faiss": "FAISS"}


@dataclasses.dataclass
class VectorSet:
    """Vectors that `bench_vectors make` makes; no clusters are uniform ones."""

    name: str
    title: str
    rows: int
    dimensions: int
    clusters: int
    intrinsic: int
    peers: list[str]
    is_main: bool = False
    recalls: tuple[float, ...] = (0.95, 0.99)


GRID = [f"{peer}:{links}" for peer in ("hnswlib", "usearch") for links in (12, 16, 24)]
ALL_SETS = [
    VectorSet("clustered", "100,000 × 384, clustered", 100_000, 384, 1000, 32, GRID, True),
    VectorSet("overlapping", "100,000 × 384, overlapping clusters", 100_000, 384, 100, 64, GRID),
    # No engine comes to 0.95 with a width that is still a search: nothing is near anything.
    VectorSet("uniform", "100,000 × 128, uniform", 100_000, 128, 0, 0, GRID, recalls=(0.5, 0.8)),
    VectorSet("large", "500,000 × 384, clustered", 500_000, 384, 1000, 32, ["hnswlib:16", "usearch:16"], True),
]
QUICK_SETS = [
    VectorSet("quick", "10,000 × 384, clustered", 10_000, 384, 1000, 32, ["hnswlib:16", "usearch:16", "faiss:16"],
              True),
]


def peer_of(engine: str) -> str:
    return engine.partition(":")[0]


def title_of(engine: str) -> str:
    peer, _, links = engine.partition(":")
    return TITLES[peer] + (f", M = {links}" if links else "")


def rates_at(recall: float, figures: dict[str, Series]) -> list[float]:
    """Queries a second at this recall, one a turn, between two widths on the logarithm; none if no width reaches it."""
    below = None
    for name, found in figures.items():
        if not name.startswith("recall@10 at width "):
            continue
        point = (found.values[0], figures[name.replace("recall@10", "queries")].values)
        if point[0] >= recall:
            if below is None:
                return point[1]
            share = (recall - below[0]) / (point[0] - below[0])
            return [math.exp(math.log(slow) * (1 - share) + math.log(fast) * share)
                    for slow, fast in zip(below[1], point[1])]
        below = point
    return []


class SetFigures:
    """Figures of one set by engine and name."""

    def __init__(self, of: VectorSet):
        self.of = of
        self.engines = ["hearth4", *of.peers]
        self.figures: dict[str, dict[str, Series]] = {engine: {} for engine in self.engines}
        self.stream: dict[str, Series] = {}
        self.filtered: dict[str, Series] = {}

    def add(self, engine: str, found: dict[str, Series]) -> None:
        for name, figure in found.items():
            self.figures[engine].setdefault(name, Series([], figure.unit)).values += figure.values

    def best(self, peer: str, recall: float) -> tuple[str, Series] | None:
        """Of the grid of a peer the fastest at this recall."""
        grid = [engine for engine in self.engines if peer_of(engine) == peer]
        reached = [(engine, rates) for engine in grid if (rates := rates_at(recall, self.figures[engine]))]
        if not reached:
            return None
        engine, rates = max(reached, key=lambda each: statistics.median(each[1]))
        return engine, Series(rates, "/s")

    def findings(self) -> list[Finding]:
        title, lines = self.of.title, []
        hearth = self.figures["hearth4"]
        for recall in self.of.recalls:
            own = self.best("hearth4", recall)
            peers = [found for peer in ("hnswlib", "usearch", "faiss") if (found := self.best(peer, recall))]
            what = f"{title}: queries a second at {recall}"
            if own is None:
                lines.append(Finding(what, Series([0], "/s"), goal="≥ 1.2 × the best peer", limit=1, at_least=True))
            elif not peers:
                lines.append(Finding(what, own[1]))
            else:
                engine, rate = max(peers, key=lambda each: each[1].median)
                lines.append(Finding(what, own[1], title_of(engine), rate, "≥ 1.2 × the best peer (2 ×: the aim)", 1.2,
                                     "ratio", True))
        usual = self.figures["hnswlib:16"]
        lines.append(Finding(f"{title}: build on 2 threads, processor time", hearth["build_cpu"], "hnswlib, M = 16",
                             usual["build_cpu"], "≤ hnswlib's", 1.0, "ratio"))
        lines.append(Finding(f"{title}: resident after 1,000 queries", hearth["resident_after_1000"], "hnswlib, M = 16",
                             usual["resident_after_1000"], "≤ half of hnswlib's", 0.5, "ratio"))
        if self.of.is_main:
            lines.append(Finding(f"{title}: opening", hearth["open"], goal="≤ 5 ms", limit=5.0))
            lines.append(Finding(f"{title}: process start to first answer, warm", hearth["warm"], "hnswlib, M = 16",
                                 usual["warm"], "≤ 50 ms", 50.0))
            lines.append(Finding(f"{title}: the same, file not in the page cache", hearth["cold"], "hnswlib, M = 16",
                                 usual["cold"], "≤ 1 s", 1000.0))
        return lines + self.stream_findings() + self.filter_findings()

    def stream_findings(self) -> list[Finding]:
        if not self.stream:
            return []
        found, title = self.stream, f"{self.of.title}, a fifth replaced while searched"
        pairs = zip(found["recall@10_before"].values, found["recall@10_after"].values)
        loss = Series([100 * (before - after) for before, after in pairs], "points")
        return [
            Finding(f"{title}: inserts that the writer could do", found["possible_inserts"], goal="≥ 2,000 a second",
                    limit=2000, at_least=True),
            Finding(f"{title}: recall lost", loss, goal="≤ 0.5 points", limit=0.5),
            Finding(f"{title}, 2,000 a second: p99 of searches", found["p99_meanwhile"], "before", found["p99_before"],
                    "≤ 2 × idle", 2.0, "ratio"),
            Finding(f"{title}: recall after the merge", found["recall@10_after_merge"]),
        ]

    def filter_findings(self) -> list[Finding]:
        lines = []
        for one_in in (100, 10, 2) if self.filtered else ():
            at = " at width 32 of 1 in "
            lines.append(Finding(f"{self.of.title}, 1 of {one_in} rows allowed: recall",
                                 self.filtered[f"recall@10{at}{one_in}"], goal="≥ 0.95", limit=0.95, at_least=True))
            half = Series([rate / 2 for rate in self.filtered[f"queries{at}1"].values], "/s")
            brute = self.filtered[f"brute force of 1 in {one_in}"]
            floor = min([("half the rate of all rows", half), ("brute force over those allowed", brute)],
                        key=lambda each: each[1].median)
            lines.append(Finding(f"{self.of.title}, 1 of {one_in} rows allowed: queries a second",
                                 self.filtered[f"queries{at}{one_in}"], *floor,
                                 "≥ half the unfiltered or ahead of brute force", 1.0, "ratio", True))
        return lines


def start(place: Place, engine: str, folder: pathlib.Path, is_cold: bool, times: int) -> Series:
    """From the start of a process to its end right after the first answer, in ms."""
    taken = []
    for _ in range(times):
        if is_cold:
            place.run("bench_vectors", "forget", engine, folder)
        began = time.monotonic()
        place.run("bench_vectors", "start", engine, folder, timeout=PATIENCE)
        taken.append(1e3 * (time.monotonic() - began))
    return Series(taken, "ms")


def measure_set(place: Place, folder: pathlib.Path, of: VectorSet) -> SetFigures:
    found = SetFigures(of)
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "truth").exists():
        place.run("bench_vectors", "make", folder, of.rows, of.dimensions, of.clusters, of.intrinsic, timeout=PATIENCE)
    for engine in found.engines:
        kept = folder / f"{engine}.jsonl"
        if not kept.exists():
            lines = place.run("bench_vectors", "build", engine, folder, timeout=PATIENCE)
            kept.write_text("".join(json.dumps(line) + "\n" for line in lines))
        found.add(engine, series([json.loads(line) for line in kept.read_text().splitlines()]))
    for _ in range(TURNS):
        for engine in found.engines:
            found.add(engine, series(place.run("bench_vectors", "query", engine, folder, 1, timeout=PATIENCE)))
    if of.is_main:
        for engine in (engine for engine in found.engines if engine == "hearth4" or engine.endswith(":16")):
            found.add(engine, {"cold": start(place, engine, folder, True, TURNS)})
            found.add(engine, {"warm": start(place, engine, folder, False, 3 * TURNS)})
    if of.is_main and of.rows <= 100_000:
        found.filtered = series(place.run("bench_vectors", "filter", "hearth4", folder, timeout=PATIENCE))
        for _ in range(TURNS):
            for name, figure in series(place.run("bench_vectors", "stream", folder, 2000, timeout=PATIENCE)).items():
                found.stream.setdefault(name, Series([], figure.unit)).values += figure.values
    return found


def vector_search(place: Place, indexes: pathlib.Path | None) -> list[SetFigures]:
    """Builds each index once, or takes those in `indexes`, and asks them in turns, each in a process of its own."""
    folder = indexes or place.home / "vectors"
    return [measure_set(place, folder / of.name, of) for of in (QUICK_SETS if place.quick else ALL_SETS)]
