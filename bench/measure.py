"""What bench/run measures: one function a section, each in a place of its own."""

import contextlib
import dataclasses
import json
import os
import pathlib
import resource
import signal
import socket
import statistics
import struct
import subprocess
import sys
import time

PROGRAMS = [
    "hearth", "hearthd", "bench_load", "bench_echo_server", "bench_round_trip", "bench_start", "bench_bridge_start",
    "bench_recovery", "bench_durable_floor", "bench_search_floor", "bench_empty", "bench_hot_path",
]
INITIALIZE = {
    "jsonrpc": "2.0", "id": 1, "method": "initialize",
    "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "bench", "version": "1"}},
}


@dataclasses.dataclass
class Series:
    """Figures of one thing in one unit, one per round."""

    values: list[float]
    unit: str

    @property
    def median(self) -> float:
        return statistics.median(self.values)


@dataclasses.dataclass
class Finding:
    """One line of the table of goals. The ratio's median, not the ratio of medians: rounds belong together."""

    what: str
    figure: Series
    floor_name: str = ""
    floor: Series | None = None
    goal: str = ""
    limit: float | None = None  # what must hold …
    of: str = "figure"  # … of the figure, the "ratio" to the floor, or the "difference" from it
    at_least: bool = False
    allowance: float = 0.0  # in the figure's unit, taken off it before it is held against a ratio

    @property
    def ratio(self) -> float | None:
        if self.floor is None:
            return None
        pairs = zip(self.figure.values, self.floor.values)
        if len(self.figure.values) != len(self.floor.values):
            return self.figure.median / self.floor.median
        return statistics.median(figure / floor for figure, floor in pairs)

    @property
    def is_reached(self) -> bool | None:
        if self.limit is None:
            return None
        value = self.figure.median
        if self.of == "ratio":
            value = self.ratio - self.allowance / self.floor.median
        elif self.of == "difference":
            value -= self.floor.median
        return value >= self.limit if self.at_least else value <= self.limit


@dataclasses.dataclass
class Findings:
    lines: list[Finding] = dataclasses.field(default_factory=list)
    rates: list[dict] = dataclasses.field(default_factory=list)  # the throughput table
    latencies: list[tuple[str, Series, Series]] = dataclasses.field(default_factory=list)
    costs: list[tuple[str, float]] = dataclasses.field(default_factory=list)  # ns a piece of the hot path

    def add(self, *arguments, **named) -> None:
        self.lines.append(Finding(*arguments, **named))


class Place:
    """A HEARTH_HOME of its own; whatever daemon runs there is stopped at the end."""

    def __init__(self, programs: pathlib.Path, home: pathlib.Path, quick: bool):
        self.programs = programs
        self.home = home
        self.quick = quick
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("HEARTH_", "XDG_"))}
        self.environment = inherited | {"HEARTH_HOME": str(home), "HOME": str(home)}
        self.hearth = str(programs / "hearth")
        self.socket = str(home / "run/hearthd.sock")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            pid = self.daemon_pid()
            os.kill(pid, signal.SIGTERM)
            for _ in range(200):  # it is not our child: its end can only be looked at
                os.kill(pid, 0)
                time.sleep(0.05)
            os.kill(pid, signal.SIGKILL)

    def times(self, full: int) -> int:
        return max(3, full // 10) if self.quick else full

    def run(self, program: str, *words, timeout: float = 600) -> list[dict]:
        """Runs a program to its end and reads the lines of JSON it prints."""
        command = [str(self.programs / program), *map(str, words)]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=timeout)
        if done.returncode != 0:
            raise SystemExit(f"bench: {program} failed: {done.stderr.strip()}")
        return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]

    def start_daemon(self) -> int:
        subprocess.run([self.hearth, "daemon", "start"], env=self.environment, check=True, capture_output=True)
        return self.daemon_pid()

    def daemon_pid(self) -> int:
        return json.loads((self.home / "run/hearthd.json").read_text())["pid"]

    @contextlib.contextmanager
    def server(self, *command: str, socket_path: pathlib.Path):
        """A peer that listens on `socket_path`; ended with the block. Gives its pid."""
        process = subprocess.Popen(command, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            for _ in range(500):
                with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
                    probe.connect(str(socket_path))
                    break
                time.sleep(0.01)
            yield process.pid
        finally:
            process.kill()
            process.wait()

    def echo(self):
        path = self.home / "echo.sock"
        return self.server(str(self.programs / "bench_echo_server"), str(path), socket_path=path)

    def redis(self):
        path = self.home / "redis.sock"
        return self.server("redis-server", "--port", "0", "--unixsocket", str(path), "--save", "", "--appendonly",
                           "no", "--dir", str(self.home), socket_path=path)


def series(lines: list[dict]) -> dict[str, Series]:
    return {line["name"]: Series(line["values"], line["unit"]) for line in lines}


def process_start(place: Place, findings: Findings) -> None:
    place.start_daemon()
    empty, hearth = str(place.programs / "bench_empty"), place.hearth
    found = series(place.run("bench_start", place.times(300), "--", empty, "--", hearth, "--version",
                             "--", hearth, "daemon", "status", "--json"))
    floor = found["bench_empty"]
    goal = "at most 2 ms above the empty program"
    for name in ["hearth --version", "hearth daemon status --json"]:
        findings.add(f"`{name}`, start to first byte", found[name], "empty static program", floor, goal, 2.0,
                     "difference")


def bridge_start(place: Place, findings: Findings) -> None:
    found = series(place.run("bench_bridge_start", place.hearth, place.programs / "bench_empty", place.times(200),
                             place.times(50)))
    floor = found["empty"]
    findings.add("`hearth mcp` start to `initialize` answered, daemon warm", found["warm"], "empty static program",
                 floor, "≤ 5 ms", 5.0)
    findings.add("the same without a daemon (it is started)", found["cold"], "empty static program", floor, "≤ 40 ms",
                 40.0)
    findings.add("idle daemon told to stop, until it is gone", found["stop"], goal="< 200 ms", limit=200.0)
    findings.add("`hearth daemon stop`, until it returns", found["stop command"])


@contextlib.contextmanager
def on_one_core():
    """Keeps this process, and what it starts, on one core. Where the scheduler puts two processes that talk decides
    whether an answer wakes a sleeping core, which here costs five times the round trip."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def round_trip(place: Place, findings: Findings) -> None:
    with on_one_core():
        place.start_daemon()
        with place.echo():
            lines = place.run("bench_round_trip", place.home / "echo.sock", place.socket, place.hearth,
                              place.times(30), 1000 if place.quick else 4000)
    names = list(dict.fromkeys(line["name"] for line in lines))
    p50 = {name: Series([line["p50_us"] for line in lines if line["name"] == name], "µs") for name in names}
    p99 = {name: Series([line["p99_us"] for line in lines if line["name"] == name], "µs") for name in names}
    titles = {
        "ping, socket": "round trip of `daemon/ping` over the socket, p50",
        "tool, socket": "round trip of the tool `hearth_status` over the socket, p50",
        "ping, bridge": "round trip of `ping` through the bridge, p50",
        "tool, bridge": "round trip of the tool `hearth_status` through the bridge, p50",
    }
    for name, title in titles.items():
        limit = 1.5 if name.endswith("socket") else 3.0
        findings.add(title, p50[name], "raw echo of 100 bytes", p50["echo"], f"≤ {limit:g} × the raw echo", limit,
                     "ratio")
    added = [bridge - direct for bridge, direct in zip(p50["tool, bridge"].values, p50["tool, socket"].values)]
    findings.add("what the bridge adds to a call of `hearth_status`, p50", Series(added, "µs"), goal="≤ 0.1 ms",
                 limit=100.0)
    findings.add("round trip of `tools/list` of all packs over the socket, p50", p50["list, socket"], goal="< 1 ms",
                 limit=1000.0)
    findings.latencies += [(name, p50[name], p99[name]) for name in names]


def cpu_seconds(pid: int) -> float:
    """Processor time of all threads, to the nanosecond."""
    tasks = pathlib.Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def throughput(place: Place, findings: Findings) -> None:
    pids = {"ping": place.start_daemon()}
    pids["tool"] = pids["ping"]
    seconds = 0.3 if place.quick else 1.0
    with place.echo() as pids["echo"], place.redis() as pids["redis"]:
        sockets = {"ping": place.socket, "tool": place.socket, "echo": place.home / "echo.sock",
                   "redis": place.home / "redis.sock"}
        for clients in [1, 50, 1000]:
            runs = {kind: [] for kind in ["echo", "redis", "ping", "tool"]}
            for _ in range(place.times(9)):
                for kind, done in runs.items():
                    before = cpu_seconds(pids[kind])
                    [line] = place.run("bench_load", kind, sockets[kind], clients, seconds)
                    line["cpu_us"] = (cpu_seconds(pids[kind]) - before) * 1e6 / line["answers"]
                    done.append(line)
            note_rates(findings, clients, runs)


def note_rates(findings: Findings, clients: int, runs: dict[str, list[dict]]) -> None:
    rates = {kind: Series([line["answers"] / line["seconds"] for line in lines], "/s") for kind, lines in runs.items()}
    for kind, lines in runs.items():
        findings.rates.append({
            "clients": clients, "kind": kind, "rate": rates[kind],
            "p50": statistics.median(line["p50_us"] for line in lines),
            "p99": statistics.median(line["p99_us"] for line in lines),
            "cpu": statistics.median(line["cpu_us"] for line in lines),
        })
    has_goal = clients != 1
    for kind, title in [("ping", "`daemon/ping`"), ("tool", "the tool `hearth_status`")]:
        is_goal = has_goal and kind == "ping"
        findings.add(f"{title}, {clients:,} client{'s' * (clients > 1)}", rates[kind], "Redis PING", rates["redis"],
                     "≥ 1.0 × Redis" if is_goal else "", 1.0 if is_goal else None, "ratio", at_least=True)


def frame(message: dict) -> bytes:
    text = json.dumps(message).encode()
    return struct.pack(">I", len(text)) + text


def read_frame(connection: socket.socket) -> None:
    head = connection.recv(4, socket.MSG_WAITALL)
    connection.recv(struct.unpack(">I", head)[0], socket.MSG_WAITALL)


def memory(pid: int) -> tuple[float, float]:
    """Resident and private memory in MB."""
    rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    kilobytes = {line.split(":")[0]: int(line.split()[1]) for line in rollup.splitlines()[1:]}
    private = kilobytes["Private_Clean"] + kilobytes["Private_Dirty"]
    return kilobytes["Rss"] * 1024 / 1e6, private * 1024 / 1e6


def open_sessions(place: Place, count: int) -> list[socket.socket]:
    """Sessions that have greeted, initialized and had one answer each."""
    hello = {"jsonrpc": "2.0", "id": 0, "method": "hello",
             "params": {"protocol": 1, "client": {"name": "bench", "kind": "bridge"}, "cwd": "/"}}
    ping = {"jsonrpc": "2.0", "id": 2, "method": "ping"}
    sessions = []
    for _ in range(count):
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(place.socket)
        for message in [hello, INITIALIZE, ping]:
            connection.sendall(frame(message))
            read_frame(connection)
        sessions.append(connection)
    return sessions


def switches(pid: int) -> int:
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        for line in (task / "status").read_text().splitlines():
            if "ctxt_switches" in line:
                total += int(line.split()[1])
    return total


@contextlib.contextmanager
def beside(place: Place, *words: str):
    """A Python process that runs while the block does, from its first line of output on."""
    process = subprocess.Popen([sys.executable, *words], env=place.environment, stdout=subprocess.PIPE)
    try:
        process.stdout.readline()
        yield
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def fairness(place: Place, findings: Findings) -> None:
    place.start_daemon()
    seconds = 0.3 if place.quick else 1.0
    # One process more than cores: whoever keeps a core busy costs the others a turn of the scheduler, hostile or not.
    busy = ["-c", "print('at it', flush=True)\nwhile True: pass"]
    hostile = [str(pathlib.Path(__file__).with_name("hostile.py")), place.socket]

    def p99(kind: str, clients: int) -> dict[str, Series]:
        found = {"alone": [], "busy": [], "hostile": []}
        for _ in range(place.times(15)):
            for name, words in [("alone", None), ("busy", busy), ("hostile", hostile)]:
                with beside(place, *words) if words else contextlib.nullcontext():
                    [line] = place.run("bench_load", kind, place.socket, clients, seconds)
                found[name].append(line["p99_us"])
        return {name: Series(values, "µs") for name, values in found.items()}

    turns = p99("turns", 1000)
    what = "`daemon/ping` by 1,000 sessions in turn, beside four hostile ones, p99"
    findings.add(what, turns["hostile"], "with nobody beside them", turns["alone"], "≤ 3 × undisturbed", 3.0, "ratio")
    findings.add("the same", turns["hostile"], "beside a process that keeps a core busy", turns["busy"])
    crowd = p99("ping", 50)
    what = "`daemon/ping` by 50 clients all the time, beside four hostile ones, p99"
    findings.add(what, crowd["hostile"], "with nobody beside them", crowd["alone"])
    findings.add("the same", crowd["hostile"], "beside a process that keeps a core busy", crowd["busy"])


def footprint(place: Place, findings: Findings) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    pid = place.start_daemon()
    bridge_memory(place, findings)
    time.sleep(1)
    single = lambda value, unit: Series([value], unit)  # noqa: E731
    findings.add("idle daemon, resident", single(memory(pid)[0], "MB"), goal="≤ 12 MB", limit=12.0)
    idle(place, pid, findings)
    sessions = open_sessions(place, 1000)
    findings.add("daemon with 1,000 sessions open, resident", single(memory(pid)[0], "MB"), goal="≤ 64 MB", limit=64.0)
    for session in sessions:
        session.close()
    while connected(place) > 1:
        time.sleep(0.05)
    findings.add("idle daemon after 1,000 sessions came and went, resident", single(memory(pid)[0], "MB"),
                 goal="≤ 12 MB", limit=12.0)


def connected(place: Place) -> int:
    done = subprocess.run([place.hearth, "daemon", "status", "--json"], env=place.environment, capture_output=True,
                          check=True)
    return len(json.loads(done.stdout)["data"]["sessions"])


def use_bridge(place: Place) -> subprocess.Popen:
    """A bridge that has done what a client asks at its start, and one call."""
    call = {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "hearth_status", "arguments": {}}}
    bridge = subprocess.Popen([place.hearth, "mcp"], env=place.environment, stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE)
    for message in [INITIALIZE, {"jsonrpc": "2.0", "id": 3, "method": "tools/list"}, call]:
        bridge.stdin.write(json.dumps(message).encode() + b"\n")
        bridge.stdin.flush()
        bridge.stdout.readline()
    return bridge


def bridge_memory(place: Place, findings: Findings) -> None:
    """Of one of two bridges: their program's pages are shared, as with several clients."""
    resident, private = [], []
    for _ in range(place.times(9)):
        bridges = [use_bridge(place), use_bridge(place)]
        used = memory(bridges[1].pid)
        resident.append(used[0])
        private.append(used[1])
        for bridge in bridges:
            bridge.stdin.close()
            bridge.wait()
    findings.add("bridge in use beside another, resident", Series(resident, "MB"), goal="≤ 3 MB", limit=3.0)
    findings.add("bridge in use beside another, private", Series(private, "MB"), goal="≤ 2 MB", limit=2.0)


def idle(place: Place, pid: int, findings: Findings) -> None:
    seconds = 2 if place.quick else 10
    cpu, switched = cpu_seconds(pid), switches(pid)
    time.sleep(seconds)
    used = Series([(cpu_seconds(pid) - cpu) * 1e3], "ms")
    woken = Series([float(switches(pid) - switched)], "")
    findings.add(f"idle daemon, processor time in {seconds} s", used, goal="0", limit=0.0)
    findings.add(f"idle daemon, wake-ups in {seconds} s", woken, goal="0", limit=0.0)


def recovery(place: Place, findings: Findings) -> None:
    place.start_daemon()
    found = series(place.run("bench_recovery", place.hearth, place.times(30)))
    findings.add("daemon killed (-9) under a waiting call, until its answer", found["recovery"], goal="< 300 ms",
                 limit=300.0)


def knowledge(place: Place, findings: Findings) -> None:
    place.start_daemon()
    documents = fill(place, 1000 if place.quick else 10_000)
    p50, floor = [], []
    for _ in range(place.times(5)):
        [line] = place.run("bench_search_floor", documents, 500)
        floor.append(line["p50_us"])
        [line] = place.run("bench_load", "search", place.socket, 1, 60, 500)
        p50.append(line["p50_us"])
    findings.add(f"`knowledge_search` in {documents:,} notes over the socket, p50", Series(p50, "µs"),
                 "FTS5 in process", Series(floor, "µs"))
    seconds = 0.5 if place.quick else 2.0
    for clients in [1, 8]:
        kept, floor = [], []
        for _ in range(place.times(5)):
            for name, done, words in [("bench_durable_floor", floor, (place.home, clients, seconds)),
                                      ("bench_load", kept, ("remember", place.socket, clients, seconds))]:
                [line] = place.run(name, *words)
                done.append(line["answers"] / line["seconds"])
        findings.add(f"`knowledge_remember`, durable, {clients} client{'s' * (clients > 1)}", Series(kept, "/s"),
                     "append of 4 KiB with fdatasync, shared", Series(floor, "/s"))


def fill(place: Place, documents: int) -> int:
    """Brings the store to at least `documents` notes and gives their number."""
    def count() -> int:
        done = subprocess.run([place.hearth, "knowledge", "stats", "--json"], env=place.environment,
                              capture_output=True, check=True)
        return json.loads(done.stdout)["data"]["entries"]

    if count() < documents:
        place.run("bench_load", "remember", place.socket, 8, 300, documents - count())
    return count()


def hot_path(programs: pathlib.Path) -> list[tuple[str, float]]:
    """Processor nanoseconds of the code that each message passes, by Google Benchmark."""
    command = [str(programs / "bench_hot_path"), "--benchmark_format=json", "--benchmark_repetitions=5",
               "--benchmark_report_aggregates_only=true", "--benchmark_min_time=0.05"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [(line["run_name"], line["cpu_time"]) for line in json.loads(done.stdout)["benchmarks"]
            if line["aggregate_name"] == "median"]
