"""What the Secure Channel costs beside plain proxying."""

import re
import subprocess

from lib.place import CLIENT_CORE, Refused, bound_to
from lib.servers import ROOT, nginx, started_kronborg
from lib.stats import Series, ratio

SUMMARY = "GET through the gate, plain and inside a Secure Channel: answers of 100 B and of 64 KiB"
GOAL = 0.7
# The window of a session holds 64 numbers: fewer calls than that are on their way at a time.
CONNECTIONS = 16
# Each call has to be sealed before, which takes the client library a while.
SECONDS = 1
SIZES = {"small": 100, "large": 65_536}
UPSTREAM = "server {{ listen 127.0.0.1:{{port}}; root {folder}; }}"


def rate(*arguments):
    """Requests per second; every answer has to be a good one."""
    done = subprocess.run(
        ["wrk", "-t1", f"-c{CONNECTIONS}", *arguments],
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=bound_to(CLIENT_CORE),
    )
    if "Non-2xx" in done.stdout:
        raise Refused(done.stdout)
    return float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout).group(1))


def plain(server, key, path, seconds):
    url = f"http://127.0.0.1:{server.port}{path}"
    return rate(f"-d{seconds}s", "-H", f"Authorization: Bearer {key}", url)


def sealed(place, server, agent, key, path, count):
    """The calls are sealed before; the answers are not opened: what counts is the host."""
    file = place.sub("calls") / "calls.txt"
    url = f"http://127.0.0.1:{server.port}"
    script = ROOT / "bench/lib/sealed_calls.mjs"
    made = ["node", str(script), url, agent, key, path, str(count), str(file)]
    subprocess.run(made, check=True)
    calls = str(ROOT / "bench/lib/calls.lua")
    return rate(f"-d{SECONDS}s", "-s", calls, f"{url}/secure/call", "--", str(file))


def run(place, options, report):
    folder = place.sub("files")
    for name, size in SIZES.items():
        (folder / name).write_text("x" * size)
    upstream = nginx(place, "upstream", UPSTREAM.format(folder=folder))
    server = started_kronborg(place, "--upstream", f"http://127.0.0.1:{upstream.port}")
    agent = server.cli("agent", "create", "bench")["address"]
    key = server.mint()
    for name in SIZES:
        path = f"/{name}"
        taken = {"plain": Series(), "sealed": Series()}
        for _ in range(options.repeats):
            before = plain(server, key, path, options.seconds)
            taken["plain"].add(before)
            # No slower than in the open, so that there are enough; a repeated one is refused.
            count = int(before * SECONDS * 1.2)
            taken["sealed"].add(sealed(place, server, agent, key, path, count))
        for kind, series in taken.items():
            report.say(f"{name}, {kind}: {series.text(0)} requests/s")
            report.figure("kronborg", f"{name} {kind}", series, "requests/s")
        of_plain, _ = ratio(taken["sealed"], taken["plain"])
        report.say(f"{name}: {of_plain:.2f} of plain (goal {GOAL})")
