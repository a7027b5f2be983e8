"""What it takes to be there."""

import pathlib
import re
import shutil
import socket
import subprocess
import time

from lib.place import CLIENT_CORE, Refused, bound_to, wait_until_idle
from lib.servers import KRONBORG, Kronborg, program
from lib.stats import Series

SUMMARY = "memory at rest, size of the program, start to the first answer; empty and with many keys"
REQUEST = "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n\r\n"


def pss_megabytes(pid):
    """Proportional set size: shared pages count in parts (proc(5), smaps_rollup)."""
    try:
        text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    except PermissionError:
        raise Refused("the server is not dumpable: only root may look at its memory") from None
    return int(re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE).group(1)) / 1024


def memory(server):
    """Server and key holder."""
    process = server.processes[0]
    wait_until_idle([process])
    return pss_megabytes(process.pid), sum(pss_megabytes(pid) for pid in process.children())


def is_healthy(port):
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as connection:
            connection.sendall(REQUEST.format(port).encode())
            return connection.recv(64).startswith(b"HTTP/1.1 200 ")
    except OSError:
        return False


def start_milliseconds(server):
    """From spawn to the first 200 of /healthz."""
    begin = time.monotonic()
    process = server.place.spawn(server.name, [KRONBORG, "serve"], env=server.environment)
    while not is_healthy(server.port):
        if process.process.poll() is not None or time.monotonic() - begin > 60:
            raise Refused(f"kronborg serve: {server.place.log_of(server.name)}")
        time.sleep(0.0005)
    taken = (time.monotonic() - begin) * 1e3
    server.place.stop(process)
    return taken


def fill(server, keys):
    command = [program("api_load"), "mint", server.socket, "64", str(keys), "/dev/null"]
    done = subprocess.run(
        command, stdout=subprocess.DEVNULL, check=False, preexec_fn=bound_to(CLIENT_CORE)
    )
    if done.returncode != 0:
        raise Refused("the store could not be filled")


def stripped_megabytes(place):
    copy = place.folder / "stripped"
    shutil.copy(KRONBORG, copy)
    subprocess.run(["strip", copy], check=True)
    return copy.stat().st_size / 2**20


def run(place, options, report):
    keys = 2_000 if options.quick else 100_000
    starts = 5 if options.quick else 20
    server = Kronborg(place)
    server.cli("init")
    rows = []
    for stored in (0, keys):
        if stored:
            server.start()
            fill(server, stored)
            busy = memory(server)
            rows.append([f"right after {stored:,} keys were minted", *cells(busy), ""])
            server.stop()
        start = Series(start_milliseconds(server) for _ in range(starts))
        server.start()
        rest = memory(server)
        server.stop()
        rows.append([f"started with {stored:,} keys", *cells(rest), start.text(1)])
        report.limit(f"{stored} keys", "PSS of server and key holder", Series([sum(rest)]), "MB", 30)
        report.limit(f"{stored} keys", "start to first answer", start, "ms", 100)
    report.table(["", "server MB", "key holder MB", "sum MB", "start ms"], rows)
    size = KRONBORG.stat().st_size / 2**20
    report.say(f"program: {size:.1f} MB, {stripped_megabytes(place):.1f} MB without debug lines")
    report.line(subject="kronborg", figure="program", value=round(size, 2), unit="MB")


def cells(pair):
    return [f"{pair[0]:.1f}", f"{pair[1]:.1f}", f"{sum(pair):.1f}"]
