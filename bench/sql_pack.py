"""What bench/run measures of the SQL pack: through the bridge, beside DuckDB and libpq in process (bench_sql)."""

import contextlib
import datetime
import os
import pathlib
import pwd
import random
import subprocess

from measure import Finding, Place, Series, series

HEAVY = ["group by", "join", "window", "sort", "distinct"]
HYPERD = pathlib.Path(__file__).resolve().parent.parent / "build/hyper/hyperd"  # what scripts/setup --hyper has installed
SETTINGS = '[sql]\nmemory_limit = "2GiB"\nthreads = 2\n'  # bench/sql/sql_bench.cpp has the same for its peer
WORDS = ("alpha bravo cargo delta eagle fresh grand hotel index joker knack lemon mango noble ocean pilot quick river "
         "solar tiger umbra vivid wheat xenon yacht zebra").split()


class SqlPack:
    """Figures of bench_sql, in its units."""

    def __init__(self, rows: int, clients: int, postgres: bool, figures: dict[str, Series]):
        self.rows, self.clients, self.has_postgres, self.figures = rows, clients, postgres, figures

    def findings(self) -> list[Finding]:
        found, table = self.figures, f"{self.rows:,} rows"
        lines = [
            Finding("`SELECT 1` by `sql_query`, one client, p50", found["select p50"], "DuckDB in process",
                    found["duckdb p50"], goal="≤ 300 µs", limit=300.0),
            Finding("the same", found["select p50"], "`ping` through the bridge", found["ping p50"]),
            Finding("the same, p99", found["select p99"], "DuckDB in process", found["duckdb p99"]),
            Finding("`SELECT 1`, 8 clients in lock step, together", found["select rate"], "DuckDB in process, 8 threads",
                    found["duckdb rate"], goal="≥ 8,000/s", limit=8000.0, at_least=True),
            Finding("the same", found["select rate"], "`ping` through the bridges", found["ping rate"]),
        ]
        lines += [Finding(f"{table}: {name}", found[name], "DuckDB in process", found[f"duckdb {name}"],
                          goal="≤ 1.05 × + 1 ms", limit=1.05, of="ratio", allowance=1.0) for name in HEAVY]
        lines += [Finding(f"{table} of CSV loaded into {name}", found[f"{name} load"], "DuckDB in process, into a file",
                          found["duckdb load"], goal="≤ 1.1 ×", limit=1.1, of="ratio")
                  for name in ("scratch", "persistent")]
        lines.append(Finding(f"{table}: first page of `SELECT *`", found["first page"], goal="< 100 ms", limit=100.0))
        parts = [found[name].median for name in ("engine", "daemon", "bridges")]
        beyond = Series([sum(parts) - found["buffers"].median], "MB")
        lines.append(Finding(f"{self.clients} clients at work on {table}: all processes, beyond DuckDB's buffers", beyond,
                             "the buffers", found["buffers"], goal="≤ 150 MB", limit=150.0))
        lines += [Finding(f"kill -9 of {name}'s process: until a query is answered again", found[f"{kind} recovery"],
                          goal="< 300 ms", limit=300.0)
                  for kind, name in (("duckdb", "DuckDB"), ("hyper", "Hyper")) if f"{kind} recovery" in found]
        if self.has_postgres:
            lines += [Finding("PostgreSQL: `SELECT 1`, one client, p50", found["postgres p50"], "libpq in process",
                              found["libpq p50"]),
                      Finding("PostgreSQL: group by over 300,000 rows", found["postgres heavy"], "libpq in process",
                              found["libpq heavy"])]
        return lines


def write_sales(path: pathlib.Path, rows: int) -> None:
    """Sales with 1,000 categories and a note of some 40 letters; the same at each run."""
    source = random.Random(42)
    start = datetime.datetime(2024, 1, 1)
    with path.open("w") as file:
        file.write("id,ts,category,price,qty,note\n")
        for number in range(1, rows + 1):
            when = start + datetime.timedelta(seconds=source.randrange(2 * 365 * 86400))
            note = " ".join(source.choice(WORDS) for _ in range(7))[:40]
            file.write(f"{number},{when},cat_{source.randrange(1000):04d},{source.random() * 1000:.2f},"
                       f"{source.randrange(1, 21)},{note}\n")


def postgres_programs() -> pathlib.Path | None:
    """Debian's newest, as the tests find it."""
    folders = sorted(each.parent for each in pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return folders[-1] if folders else None


@contextlib.contextmanager
def postgres_server(programs: pathlib.Path, place: Place):
    """A server of its own on a socket in the directory that this gives. It refuses to run as root."""
    directory = place.home / "pg"
    directory.mkdir()
    words = {}
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(directory, nobody.pw_uid, nobody.pw_gid)
        for above in [place.home, *place.home.parents]:
            if above.stat().st_uid == 0 and not above.stat().st_mode & 0o001:
                above.chmod(above.stat().st_mode | 0o011)
        words = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    words |= {"cwd": directory, "env": {"LC_ALL": "C"}, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run([programs / "initdb", "--pgdata", directory / "data", "--username=postgres", "--auth=trust",
                    "--encoding=UTF8", "--locale=C", "--no-sync"], check=True, **words)
    control = [programs / "pg_ctl", "--pgdata", directory / "data", "--wait"]
    options = f"-k {directory} -c listen_addresses= -c fsync=off"
    try:
        subprocess.run([*control, "start", "-o", options], check=True, **words)
        yield directory
    finally:
        subprocess.run([*control, "stop", "--mode=immediate"], check=False, **words)


def sql_pack(programs: pathlib.Path, scratch: pathlib.Path, is_quick: bool) -> SqlPack:
    rows, clients = (50_000 if is_quick else 1_000_000), 10
    figures: dict[str, Series] = {}
    scratch.mkdir()
    csv = scratch / "sales.csv"
    write_sales(csv, rows)
    server = postgres_programs()
    with contextlib.chdir(scratch):  # where a bridge stands it may read
        figures |= in_turn(programs, scratch, is_quick, csv, clients)
    if server:
        home = scratch / "pg"
        home.mkdir()
        with Place(programs, home, is_quick) as place, postgres_server(server, place) as directory:
            figures |= series(place.run("bench_sql", "postgres", place.hearth, directory, place.times(9),
                                        300 if is_quick else 2000))
    return SqlPack(rows, clients, server is not None, figures)


def in_turn(programs: pathlib.Path, scratch: pathlib.Path, is_quick: bool, csv: pathlib.Path,
            clients: int) -> dict[str, Series]:
    figures: dict[str, Series] = {}
    engines = ["duckdb", "hyper"] if HYPERD.exists() else ["duckdb"]
    for number, words in enumerate((("calls", 15, 300 if is_quick else 2000), ("rate", 8, 0.3 if is_quick else 2, 9),
                                    ("load", csv, scratch, 9), ("heavy", csv, scratch, 15), ("footprint", csv, clients),
                                    *(("recovery", engine, 20) for engine in engines))):
        figures |= measured(programs, scratch / f"h{number}", is_quick, *words)
    return figures


def measured(programs: pathlib.Path, home: pathlib.Path, is_quick: bool, step: str, *words) -> dict[str, Series]:
    """One step of bench_sql with a daemon of its own; a last number of rounds is fewer when quick."""
    home.mkdir()
    (home / "config.toml").write_text(SETTINGS + (f'[sql.hyper]\npath = "{HYPERD}"\n' if HYPERD.exists() else ""))
    with Place(programs, home, is_quick) as place:
        if is_quick and step in ("rate", "load", "heavy", "recovery"):
            words = (*words[:-1], 3)
        if is_quick and step == "calls":
            words = (3, words[1])
        return series(place.run("bench_sql", step, place.hearth, *words))
