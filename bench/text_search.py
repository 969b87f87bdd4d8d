"""What bench/run measures of the text index: the same documents and queries for hearth, FTS5 and Xapian."""

import json
import pathlib
import shutil

from measure import Finding, Place, Series, series

ENGINES = ["hearth", "xapian", "fts5"]
TITLES = {"hearth": "hearth", "xapian": "Xapian", "fts5": "FTS5"}
CLASSES = {"one": "1 word", "or2": "2 words, OR", "or3": "3 words, OR", "and2": "2 words, AND", "and3": "3 words, AND"}


class TextSearch:
    """Figures by engine and name, in the units of bench_search."""

    def __init__(self, documents: int):
        self.documents = documents
        self.figures: dict[str, dict[str, Series]] = {engine: {} for engine in ENGINES}

    def add(self, engine: str, found: dict[str, Series]) -> None:
        for name, figure in found.items():
            known = self.figures[engine].setdefault(name, Series([], figure.unit))
            known.values += figure.values

    def findings(self) -> list[Finding]:
        hearth, xapian, fts5 = (self.figures[engine] for engine in ENGINES)
        lines = [Finding(f"{title}, {share}", hearth[f"{name}_{share}"], "Xapian", xapian[f"{name}_{share}"],
                         "ahead of Xapian", 1.0, "ratio") for name, title in CLASSES.items() for share in ("p50", "p99")]
        slowest = Series([value / 1e3 for value in hearth["or3_p99"].values], "ms")
        lines.append(Finding("3 words, OR, p99", slowest, goal="≤ 5 ms", limit=5.0))
        lines.append(Finding("build, documents a minute", self.rate("hearth"), "FTS5", self.rate("fts5"), "≥ 100,000",
                             100_000.0, at_least=True))
        lines.append(Finding("index on disk", hearth["disk"], "FTS5", fts5["disk"], "≤ FTS5's", 1.0, "ratio"))
        lines.append(Finding("opening", hearth["open"], goal="≤ 5 ms", limit=5.0))
        lines.append(Finding("resident after the queries", hearth["resident"], goal="≤ 100 MB", limit=100.0))
        lines.append(Finding("written to generations, for each byte that stays", hearth["write_amplification"]))
        return lines

    def rate(self, engine: str) -> Series:
        return Series([60 * self.documents / value for value in self.figures[engine]["build"].values], "")


def text_search(place: Place, indexes: pathlib.Path | None) -> TextSearch:
    """Builds each index once, or takes those in `indexes`, and asks them in turns, FTS5 once."""
    found = TextSearch(100_000 if place.quick else 1_000_000)
    folder = indexes or place.home / "text"
    folder.mkdir(parents=True, exist_ok=True)
    for engine in ENGINES:
        kept = folder / f"{engine}.jsonl"
        if not kept.exists():
            shutil.rmtree(folder / engine, ignore_errors=True)
            lines = place.run("bench_search", "build", engine, folder / engine, found.documents, timeout=3600)
            kept.write_text("".join(json.dumps(line) + "\n" for line in lines))
        found.add(engine, series([json.loads(line) for line in kept.read_text().splitlines()]))
    for number in range(2):
        for engine in ENGINES:
            if engine == "fts5" and number > 0:
                continue  # it takes minutes, and is not what the goals are about
            queries = 20 if engine == "fts5" else 200 if place.quick else 1000
            found.add(engine, series(place.run("bench_search", "query", engine, folder / engine, queries, timeout=3600)))
    return found
