"""The mandates pack with many schedules: what they cost at rest, and how late the daemon fires them."""

import collections
import dataclasses
import datetime
import json
import math
import socket
import sqlite3
import time

import measure
from measure import Finding, Place, Series

AT_ONCE = 64  # calls on their way of one session


@dataclasses.dataclass
class Mandates:
    schedules: int
    fired: int
    figures: dict[str, Series]

    def findings(self) -> list[Finding]:
        title = f"{self.schedules:,} schedules loaded"
        goals = {
            "cpu": (f"processor time in {self.figures['cpu seconds'].median:g} s", "0", 0.0),
            "switches": (f"wake-ups in {self.figures['cpu seconds'].median:g} s", "0", 0.0),
            "status": ("`mandates_status` over the socket, p99", "< 5 ms", 5.0),
            "busy status": ("the same while they fire, p99", "< 5 ms", 5.0),
            "late": (f"fired late, p99 of {self.fired:,}", "< 50 ms", 50.0),
            "begun": ("the same, until its run has begun", "", None),
            "resident": ("daemon, resident", "", None),
            "added": ("durable schedules added, one session", "", None),
        }
        return [Finding(f"{title}: {what}", self.figures[name], goal=goal, limit=limit)
                for name, (what, goal, limit) in goals.items()]


class Session:
    """A client on the daemon's socket."""

    def __init__(self, place: Place):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(place.socket)
        self.lines = self.socket.makefile("rb")
        self.last = 1
        self.send(measure.INITIALIZE)
        self.lines.readline()
        self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def close(self) -> None:
        self.lines.close()
        self.socket.close()

    def send(self, message: dict) -> None:
        self.socket.sendall(json.dumps(message).encode() + b"\n")

    def begin(self, tool: str, arguments: dict) -> None:
        self.last += 1
        self.send({"jsonrpc": "2.0", "id": self.last, "method": "tools/call",
                   "params": {"name": tool, "arguments": arguments}})

    def end(self) -> dict:
        while True:
            message = json.loads(self.lines.readline())
            if "id" not in message:
                continue
            result = message.get("result", {})
            if "error" in message or result.get("isError"):
                raise SystemExit(f"bench: a call failed: {message}")
            return result["structuredContent"]

    def call(self, tool: str, arguments: dict) -> dict:
        self.begin(tool, arguments)
        return self.end()

    def ask_status(self) -> float:
        """Milliseconds."""
        start = time.perf_counter()
        self.call("mandates_status", {})
        return 1e3 * (time.perf_counter() - start)

    def add_schedules(self, timings: list[tuple[str, str]]) -> float:
        """Seconds."""
        start = time.perf_counter()
        open_calls = 0
        for timing, zone in timings:
            if open_calls == AT_ONCE:
                self.end()
                open_calls -= 1
            self.begin("mandates_schedule_add", {"mandate": "bench", "timing": timing, "zone": zone})
            open_calls += 1
        for _ in range(open_calls):
            self.end()
        return time.perf_counter() - start


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def daily(count: int) -> list[tuple[str, str]]:
    """Spread over the day and zones, none of them within two hours."""
    now = datetime.datetime.now(datetime.timezone.utc)
    zones = collections.deque(["UTC", "Etc/GMT-1", "Etc/GMT+5"])
    timings = []
    for number in range(count):
        at = now + datetime.timedelta(hours=2, minutes=number % (20 * 60))
        offset = {"UTC": 0, "Etc/GMT-1": 1, "Etc/GMT+5": -5}[zones[0]]  # that name has its sign the other way
        wall = at + datetime.timedelta(hours=offset)
        timings.append((f"cron {wall.minute} {wall.hour} * * *", zones[0]))
        zones.rotate()
    return timings


def once(count: int, apart: float) -> tuple[list[tuple[str, str]], float]:
    """One after the other; and when the last one is due."""
    begin = time.time() + 5 + count / 100
    times = [begin + number * apart for number in range(count)]
    stamp = lambda at: datetime.datetime.fromtimestamp(at, datetime.timezone.utc)  # noqa: E731
    return [(f"at {stamp(at).isoformat(timespec='milliseconds').replace('+00:00', 'Z')}", "UTC") for at in times], times[-1]


def mandates(place: Place) -> Mandates:
    schedules, fired, seconds = (1_000, 30, 2) if place.quick else (10_000, 300, 10)
    work = place.home / "work"
    work.mkdir(parents=True)
    place.home.joinpath("config.toml").write_text(f'[daemon]\npacks = ["mandates"]\nroots = ["{work}"]\n')
    pid = place.start_daemon()
    session = Session(place)
    session.call("mandates_create", {"name": "bench", "goal": "Be there", "workspace": str(work)})
    figures = {"cpu seconds": Series([float(seconds)], "s")}
    took = session.add_schedules(daily(schedules))
    figures["added"] = Series([schedules / took], "/s")
    session.close()
    time.sleep(2)
    figures["resident"] = Series([measure.memory(pid)[0]], "MB")
    cpu, switched = measure.cpu_seconds(pid), measure.switches(pid)
    time.sleep(seconds)
    figures["cpu"] = Series([(measure.cpu_seconds(pid) - cpu) * 1e3], "ms")
    figures["switches"] = Series([float(measure.switches(pid) - switched)], "")
    session = Session(place)
    figures["status"] = Series([percentile([session.ask_status() for _ in range(500)], 0.99)], "ms")

    timings, last = once(fired, 0.2)
    session.add_schedules(timings)
    latencies = []
    while time.time() < last:
        latencies.append(session.ask_status())
        time.sleep(0.05)
    figures["busy status"] = Series([percentile(latencies, 0.99)], "ms")
    time.sleep(2)
    with place:
        pass  # ends the daemon
    database = sqlite3.connect(f"file:{place.home}/data/default/mandates/mandates.db?mode=ro", uri=True)
    rows = database.execute("SELECT o.fired_ms - o.scheduled_ms, r.begun_ms - o.scheduled_ms FROM occurrences o "
                            "JOIN runs r ON r.n = o.run_n").fetchall()
    database.close()
    if len(rows) != fired:
        raise SystemExit(f"bench: {fired} schedules were due, {len(rows)} fired")
    figures["late"] = Series([percentile([float(row[0]) for row in rows], 0.99)], "ms")
    figures["begun"] = Series([percentile([float(row[1]) for row in rows], 0.99)], "ms")
    return Mandates(schedules, fired, figures)
