"""A daemon with HTTP in a HEARTH_HOME of its own, for tests that speak to it from outside."""

import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import typing

START_SECONDS = 30
STOP_SECONDS = 20


class Daemon(typing.NamedTuple):
    pid: int
    url: str | None
    token_file: str | None


def _late(*_):
    raise TimeoutError


@contextlib.contextmanager
def daemon(server, home, http=True):
    """Starts `server`, a hearthd, in `home`; yields it, with the URL and the token file that HTTP has.

    It ends with the block, and the program ends with its log if it did not start, run or stop as it should.
    """
    if http:
        (home / "config.toml").write_text("[http]\nenabled = true\nport = 0\n")
    log = home / "server.log"
    ready, ready_end = os.pipe()
    with open(log, "wb") as output:
        process = subprocess.Popen([server, "--stderr", "--ready-fd", str(ready_end)], pass_fds=[ready_end],
                                   env={**os.environ, "HEARTH_HOME": str(home)}, cwd=home,
                                   stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    os.close(ready_end)

    def fail(what):
        sys.exit(f"{pathlib.Path(server).name} {what}:\n{log.read_text(errors='replace')[-4000:]}")

    try:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
        signal.signal(signal.SIGALRM, _late)
        signal.alarm(START_SECONDS)
        try:
            with open(ready) as pipe:
                answer = pipe.readline()
        except TimeoutError:
            fail(f"was not ready in {START_SECONDS} s")
        finally:
            signal.alarm(0)
        if answer != "ready\n":
            fail("did not start")
        endpoint = json.loads((home / "run/http.json").read_text()) if http else {}
        yield Daemon(process.pid, endpoint.get("url"), endpoint.get("token_file"))
        if process.poll() is not None:
            fail(f"ended on its own, with status {process.returncode}")
    finally:
        process.terminate()
        try:
            process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.returncode != 0:
        fail(f"ended with status {process.returncode}")
