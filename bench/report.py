"""What bench/run writes: the page and the lines on the terminal."""

import datetime
import os
import pathlib
import platform
import subprocess

from issue_log import IssueLog
from knowledge_search import KnowledgeSearch
from mandates import Mandates
from measure import Finding, Findings, Series
from sql_pack import SqlPack
from text_search import CLASSES, ENGINES, TITLES, TextSearch
from vector_search import SetFigures, rates_at, title_of

DAEMON_HEADING = "# Benchmarks"
PREAMBLE = """# Benchmarks

Written by `make bench` (bench/run); do not edit. Floors and peers are measured in the same run, in turns with hearth:
compare ratios, not figures of different runs or machines. A figure is the median over the rounds, with the smallest
and the largest. A ratio is the median of the rounds' ratios. MB = 10⁶ bytes. *Load before* above 0.5 means that others
used the machine, *nice* below 0 that the run took precedence over them: single figures then say little.
"""

READING = """
How to read it. *Empty static program*: `int main() { return 0; }`, linked statically, started in the same way.
*Raw echo*: a one-threaded epoll server that writes back 100 bytes. *Redis PING*: Debian's redis-server on a Unix
socket. One load generator drives all servers: one thread, one request outstanding on each connection. CPU is the
server's processor time for each request, system calls included; it moves less than the rate when a machine is busy.
Most of it is the kernel's: two system calls and a wake-up. *Append*: threads append 4 KiB to one file, and whoever
finds no fdatasync under way makes one for all that wait. *Round trips*: one client that works for 20 µs between an
answer and the next request, all processes on one core, since waking a sleeping core costs several round trips.
*FTS5 in process*: the same texts and queries, in memory.
"""

TEXT_HEADING = "## Text search"
TEXT_PREAMBLE = """{documents:,} documents of some 60 words and a title of 6; the ten best keys. Words of the queries are
drawn as those of the texts are, so that the slowest queries are of words that most documents have. Each engine in a
process of its own, in this run and in turns, with all files in the page cache. Latency is processor time of one thread:
nothing waits for a disk, and others may use the machine. Built by `bench_search build`: hearth with a second thread that
merges, its peers without a journal and without syncs, FTS5 without a copy of the texts. BM25 and word positions in all.
*Build* is elapsed time, and long where others use the machine. 1,000 queries a class in each of two rounds; FTS5 is
asked 20 once, so that its p99 is its slowest. *Resident*: what the process has more after all queries than before
opening.
"""

VECTOR_HEADING = "## Vector search"
VECTOR_ROWS = {"build": "build", "build_cpu": "build, processor time", "build_peak": "memory while building, at most",
               "disk": "on disk", "open": "opening", "resident_after_1000": "resident after 1,000 queries",
               "warm": "start, warm", "cold": "start, cold"}
VECTOR_PREAMBLE = """Unit vectors by the inner product, the ten nearest, 1,000 queries a width in each of three turns; each
engine in a process of its own, in this run. Queries a second are of processor time on one thread, between two widths on the
logarithm; a width that starts above the recall asked for counts as it is. *Clustered*: 1,000 clusters of 32 intrinsic
dimensions; *overlapping*: 100 clusters of 64. Peers: hnswlib over floats with a build width of 200, usearch over
16-bit floats with its default of 128, mapped; both compiled for this processor, each with several numbers of links (M),
of which the fastest at each recall counts. Residency is what the process has more after 1,000 queries than before
opening. *Start*: from starting the process until it has ended right after its first answer.
"""

MANDATES_HEADING = "## Mandates"
MANDATES_PREAMBLE = """Schedules by cron, spread over the day and three zones, of one mandate; added by `mandates_schedule_add`, 64 calls on
their way, each synced to disk before its answer. No other pack is served. At rest none of them is due. Then further ones
are due one after the other, every 200 ms: *late* is from the time they say to that of the transaction that makes the
run, *begun* to that of the one that begins it. The runs observe nothing and then wait, for there is no model.
"""

ISSUES_HEADING = "## Issues"
ISSUES_PREAMBLE = """A log that was filled in batches of 250 issues and packed. *In the engine*: by `bench_issues`, which calls it directly;
the others through the command line with `--json`. Durable: synced to disk before the answer.
"""
KNOWLEDGE_HEADING = "## Knowledge"
KNOWLEDGE_PREAMBLE = """Stores filled through the engine with texts like those of the text search, asked through `hearth mcp` for the ten
best of three words, one question after another; elapsed time, with the client, the bridge and the daemon on the same
cores. *With vectors*: unit vectors around 1,000 centres, that come with entries and questions; otherwise the builtin
embedder makes them. Files are Markdown of three sections. *Left alone*: the daemon gives mapped files back half a
minute after the last search.
"""
SQL_HEADING = "## SQL"
SQL_PREAMBLE = """Through `hearth mcp`, by a load generator in C++ (`bench_sql`). *In process*: the same statements by DuckDB's C API, or
libpq, in the load generator itself, in turns, with the same threads and memory limit. *In lock step*: each client asks again
when it has its answer; all are served by one thread. *DuckDB's buffers*: what its `duckdb_memory()` says of all open
databases; processes are counted by their proportional share of memory, after each client has run all of the queries.
"""


class Machine:
    """Where and what was measured."""

    def __init__(self, root: pathlib.Path):
        self.load = os.getloadavg()[0]
        self.nice = os.getpriority(os.PRIO_PROCESS, 0)
        self.date = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
        self.kernel = platform.release()
        self.cores = os.cpu_count()
        info = pathlib.Path("/proc/cpuinfo").read_text()
        names = [line.split(":", 1)[1].strip() for line in info.splitlines() if line.startswith("model name")]
        self.cpu = names[0] if names else platform.machine()
        pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        self.memory = f"{pages / 2**30:.0f} GiB"
        self.commit = self.git(root, "rev-parse", "--short", "HEAD")
        if self.git(root, "status", "--porcelain", "--", "src", "cmake", "CMakeLists.txt", "CMakePresets.json"):
            self.commit += " with changes"

    @staticmethod
    def git(root: pathlib.Path, *words: str) -> str:
        done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True)
        return done.stdout.strip() if done.returncode == 0 else "unknown"

    def table(self) -> str:
        return (f"| processor | cores | memory | kernel | commit | date | load before | nice |\n"
                f"|---|---|---|---|---|---|---|---|\n"
                f"| {self.cpu} | {self.cores} | {self.memory} | {self.kernel} | {self.commit} | {self.date} | "
                f"{self.load:.2f} | {self.nice} |\n")


def number(value: float) -> str:
    if value == 0 or value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


def amount(value: float, unit: str) -> str:
    return f"{number(value)}{unit}" if unit in ("", "/s") else f"{number(value)} {unit}"


def spread(figure: Series) -> str:
    text = amount(figure.median, figure.unit)
    if len(figure.values) == 1:
        return text
    return f"{text} ({number(min(figure.values))}–{number(max(figure.values))})"


def verdict(finding: Finding) -> str:
    return {None: "", True: "reached", False: "**not reached**"}[finding.is_reached]


def cells(finding: Finding) -> list[str]:
    floor = f"{finding.floor_name}: {spread(finding.floor)}" if finding.floor else ""
    ratio = f"{finding.ratio:.2f}" if finding.ratio is not None else ""
    return [finding.what, finding.goal, spread(finding.figure), floor, ratio, verdict(finding)]


def row(words: list[str]) -> str:
    return "| " + " | ".join(words) + " |\n"


def goals(findings: Findings) -> str:
    text = row(["what", "goal", "figure", "floor or peer", "ratio", ""]) + "|---|---|---|---|---|---|\n"
    return text + "".join(row(cells(finding)) for finding in findings.lines)


def rates(findings: Findings) -> str:
    text = row(["clients", "server", "requests a second", "CPU a request", "p50", "p99"]) + "|---|---|---|---|---|---|\n"
    titles = {"echo": "raw echo", "redis": "Redis PING", "ping": "hearthd, `daemon/ping`",
              "tool": "hearthd, `hearth_status`"}
    for line in findings.rates:
        text += row([f"{line['clients']:,}", titles[line["kind"]], spread(line["rate"]), amount(line["cpu"], "µs"),
                     amount(line["p50"], "µs"), amount(line["p99"], "µs")])
    return text


def latencies(findings: Findings) -> str:
    text = row(["one client", "p50", "p99"]) + "|---|---|---|\n"
    return text + "".join(row([name, spread(p50), spread(p99)]) for name, p50, p99 in findings.latencies)


def costs(findings: Findings) -> str:
    text = row(["piece", "CPU"]) + "|---|---|\n"
    return text + "".join(row([f"`{name}`", amount(value, "ns")]) for name, value in findings.costs)


def page(machine: Machine, findings: Findings) -> str:
    parts = [PREAMBLE, machine.table(), "## Goals\n", goals(findings), READING.lstrip("\n"), "## Requests a second\n",
             rates(findings), "## Round trips\n", latencies(findings),
             "## The code that each message passes\n", costs(findings)]
    return "\n".join(parts)


def text_part(machine: Machine, found: TextSearch) -> str:
    """The part about text search: last on the page, with a table of its machine, since it can be measured alone."""
    table = row(["processor time", *(f"{TITLES[engine]}, p50 / p99" for engine in ENGINES)]) + "|---|---|---|---|\n"
    for name, title in CLASSES.items():
        pairs = [[found.figures[engine][f"{name}_{share}"] for share in ("p50", "p99")] for engine in ENGINES]
        table += row([title, *(" / ".join(amount(each.median, each.unit) for each in pair) for pair in pairs)])
    for name, title in {"build": "build", "build_peak": "memory while building, at most", "disk": "on disk",
                        "open": "opening", "resident": "resident after the queries"}.items():
        table += row([title, *(spread(found.figures[engine][name]) for engine in ENGINES)])
    lines = Findings(lines=found.findings())
    return "\n".join([f"{TEXT_HEADING}\n", TEXT_PREAMBLE.format(documents=found.documents), machine.table(),
                      goals(lines), table])


def vector_part(machine: Machine, sets: list[SetFigures]) -> str:
    """The part about vector search, like that about text search."""
    lines = Findings(lines=[line for each in sets for line in each.findings()])
    parts = [f"{VECTOR_HEADING}\n", VECTOR_PREAMBLE, machine.table(), goals(lines)]
    for each in sets:
        table = row([each.of.title, *map(title_of, each.engines)]) + "|---" * (len(each.engines) + 1) + "|\n"
        for recall in each.of.recalls:
            rates = [rates_at(recall, each.figures[engine]) for engine in each.engines]
            shown = [spread(Series(rate, "")) if rate else "not reached" for rate in rates]
            table += row([f"queries a second at {recall}", *shown])
        for name, title in VECTOR_ROWS.items():
            known = [each.figures[engine].get(name) for engine in each.engines]
            if any(known):
                table += row([title, *(spread(figure) if figure else "" for figure in known)])
        parts.append(table)
    return "\n".join(parts)


def knowledge_part(machine: Machine, found: KnowledgeSearch) -> str:
    """The part about the knowledge pack, like that about text search."""
    return "\n".join([f"{KNOWLEDGE_HEADING}\n", KNOWLEDGE_PREAMBLE, machine.table(),
                      goals(Findings(lines=found.findings()))])


def issues_part(machine: Machine, found: IssueLog) -> str:
    return "\n".join([f"{ISSUES_HEADING}\n", ISSUES_PREAMBLE, machine.table(), goals(Findings(lines=found.findings()))])


def sql_part(machine: Machine, found: SqlPack) -> str:
    """The part about the SQL pack, like that about text search."""
    return "\n".join([f"{SQL_HEADING}\n", SQL_PREAMBLE, machine.table(), goals(Findings(lines=found.findings()))])


def mandates_part(machine: Machine, found: Mandates) -> str:
    return "\n".join([f"{MANDATES_HEADING}\n", MANDATES_PREAMBLE, machine.table(), goals(Findings(lines=found.findings()))])


def with_part(page_text: str, heading: str, part: str) -> str:
    """`page_text` with the part that begins with `heading` replaced or added; parts stay in their order."""
    headings = [DAEMON_HEADING, KNOWLEDGE_HEADING, ISSUES_HEADING, SQL_HEADING, MANDATES_HEADING, TEXT_HEADING, VECTOR_HEADING]
    found = {}
    for each in reversed(headings):
        before, mark, text = ("\n" + page_text).rpartition("\n" + each + "\n")
        if mark:
            page_text, found[each] = before, (mark + text).strip("\n")
    found[heading] = part.strip("\n")
    return "\n\n".join(found[each] for each in headings if found.get(each)) + "\n"


def terminal(findings: Findings) -> str:
    lines = []
    for finding in findings.lines:
        what, goal, figure, floor, ratio, _ = cells(finding)
        mark = {None: " ", True: "✓", False: "✗"}[finding.is_reached]
        against = f"  ({ratio} × {floor})" if floor else ""
        lines.append(f"{mark} {what.replace('`', '')}: {figure}{against}{'  goal ' + goal if goal else ''}")
    return "\n".join(lines)
