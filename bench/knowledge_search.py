"""What bench/run measures of the knowledge pack: large stores, asked through the bridge as a client asks."""

import pathlib

from measure import Finding, Place, Series, series

PATIENCE = 3600  # seconds for one step


class KnowledgeSearch:
    """Figures of bench_knowledge, in its units: of a store that makes its vectors, and of a larger one that gets them."""

    def __init__(self, is_quick: bool):
        self.entries = 10_000 if is_quick else 100_000
        self.many_entries = 20_000 if is_quick else 466_000
        self.files = 1_000 if is_quick else 10_000
        self.figures: dict[str, Series] = {}
        self.many: dict[str, Series] = {}

    def findings(self) -> list[Finding]:
        own, many = self.figures, self.many
        title, importing = f"{self.entries:,} entries", f"while another client imports {self.files:,} files"
        lines = [Finding(f"{title}: hybrid search, {share}", own[f"search_{share}"]) for share in ("p50", "p99")]
        for share, limit in (("p50", 3.0), ("p99", 10.0)):
            lines.append(Finding(f"{title}: the same {importing}, {share}", own[f"search_while_importing_{share}"],
                                 goal=f"≤ {limit:g} ms", limit=limit))
        for share in ("p50", "p99"):
            lines.append(Finding(f"{title}: the same while another creates entries without a pause, {share}",
                                 own[f"search_while_writing_{share}"]))
        lines.append(Finding(f"{title}: from the answer of a write until another client has found it", own["visible"]))
        lines.append(Finding(f"import of {self.files:,} Markdown files, with the searches", own["import"],
                             goal="≤ 20 s", limit=20.0))
        lines.append(Finding("the same again, nothing changed", own["import_again"], goal="≤ 1 s", limit=1.0))
        title = f"{self.many_entries:,} entries with 384-d vectors"
        for name, what in (("first_answer", "start of a bridge to its first hybrid answer, no daemon"),
                           ("first_answer_after_kill", "the same after kill -9")):
            lines.append(Finding(f"{title}: {what}", many[name], goal="≤ 150 ms", limit=150.0))
        lines.append(Finding(f"{title}: first answers that said they were incomplete", many["degraded_first_answers"],
                             goal="none", limit=0))
        for share in ("p50", "p99"):
            lines.append(Finding(f"{title}: hybrid search, {share}", many[f"search_{share}"]))
        lines.append(Finding(f"{title}: daemon in use, resident", many["resident_in_use"]))
        lines.append(Finding(f"{title}: daemon left alone, resident", many["resident_idle"], goal="≤ 60 MB", limit=60.0))
        return lines


def knowledge_search(programs: pathlib.Path, scratch: pathlib.Path, is_quick: bool) -> KnowledgeSearch:
    found = KnowledgeSearch(is_quick)
    for name, entries, dimensions in (("own", found.entries, 0), ("many", found.many_entries, 384)):
        home = scratch / name
        home.mkdir(parents=True)
        with Place(programs, home, is_quick) as place:
            place.run("bench_knowledge", "fill", home, entries, dimensions, timeout=PATIENCE)
            figures = found.many if dimensions else found.figures
            queries = place.times(2000)
            for words in (("first", place.hearth, place.times(10), dimensions),
                          ("search", place.hearth, queries, dimensions),
                          ("idle", place.hearth) if dimensions else ("import", place.hearth, found.files)):
                figures |= series(place.run("bench_knowledge", *words, timeout=PATIENCE))
    return found
