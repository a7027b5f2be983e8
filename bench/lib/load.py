"""wrk on a core of its own, and what the server's processes spent meanwhile."""

import os
import pathlib
import random
import re
import subprocess
import time

from lib.place import CLIENT_CORE, Refused, bound_to, wait_until_idle
from lib.stats import Series

CONNECTIONS = 64
ROTATE = pathlib.Path(__file__).parent / "rotate.lua"
KEYS = pathlib.Path(__file__).parent / "keys.lua"
UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 60e3}
# A server that used less than this share of its core was not the limit.
SATURATED = 0.95


class Round:
    """One run of wrk."""

    def __init__(self, text, server_cpu, client_cpu):
        found = re.search(r"(\d+) requests in ([\d.]+)(m?s)", text)
        if not found:
            raise Refused(f"wrk did not finish: {text}")
        errors = re.search(r"Socket errors:.*|Non-2xx or 3xx responses:.*", text)
        if errors:
            raise Refused(f"not every request was answered: {errors.group(0)}")
        requests = self.requests = int(found.group(1))
        seconds = float(found.group(2)) * UNITS[found.group(3)] / 1e3
        self.rate = requests / seconds
        self.cpu_micros = server_cpu / requests * 1e6
        self.busy = server_cpu / seconds
        self.client_busy = client_cpu / seconds
        self.p50, self.p99 = (latency(text, percent) for percent in (50, 99))


def latency(text, percent):
    """Milliseconds."""
    value, unit = re.search(rf"{percent}%\s+([\d.]+)(us|ms|s|m)", text).groups()
    return float(value) * UNITS[unit]


def wrk(server, path, seconds, token=None, tokens=None, keys=None, start=None, patience=2):
    """One token on every request, or those of the file `tokens` in turn, or the space keys of
    `keys` (file, count) from number `start` on, or from a random one. An answer after `patience`
    seconds is an error."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency"]
    command += ["--timeout", f"{patience}s"]
    if token:
        command += ["-H", f"Authorization: Bearer {token}"]
    if tokens:
        command += ["-s", ROTATE]
    if keys:
        command += ["-s", KEYS]
    command.append(f"http://127.0.0.1:{server.port}{path}")
    if tokens:
        command += ["--", tokens]
    if keys:
        command += ["--", keys[0], str(random.randrange(keys[1]) if start is None else start)]
    before = server.cpu_seconds()
    running = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=bound_to(CLIENT_CORE),
    )
    with running.stdout as output:
        text = output.read()
    _, status, used = os.wait4(running.pid, 0)
    running.returncode = os.waitstatus_to_exitcode(status)
    return Round(text, server.cpu_seconds() - before, used.ru_utime + used.ru_stime)


class Contender:
    """A server and what it is asked. `rows` hold what was measured."""

    def __init__(self, name, server, path, token=None, tokens=None, keys=None, patience=2):
        self.name, self.server, self.path = name, server, path
        self.asking = {"token": token, "tokens": tokens, "keys": keys, "patience": patience}
        self.rounds = []

    def run(self, seconds, start=None):
        wait_until_idle(self.server.processes)
        return wrk(self.server, self.path, seconds, start=start, **self.asking)

    def series(self, member):
        return Series(getattr(one, member) for one in self.rounds)

    def has_time_left(self):
        return self.series("busy").median < SATURATED


def compare(contenders, options):
    """A B C A B C …, each round after a short one that is not counted."""
    for _ in range(options.repeats):
        for contender in contenders:
            contender.run(1)
            contender.rounds.append(contender.run(options.seconds))
            time.sleep(0.2)
