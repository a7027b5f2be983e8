"""Spaces that nobody asked for and that end after a minute: what they leave behind."""

import json
import subprocess

from benches.footprint import pss_megabytes
from lib.place import CLIENT_CORE, Refused, bound_to
from lib.servers import program
from lib.spaces import kronborg_with_spaces

SUMMARY = "COUNT anonymous spaces with a ttl of 60 s: memory, disk and a reader meanwhile"
LONGEST_S = 110
SHOWN = 12


def disk_megabytes(server):
    return sum(file.stat().st_size for file in (server.folder / "data").iterdir()) / 2**20


def run(place, options, report):
    server, _ = kronborg_with_spaces(place, 0, 0)
    count, seconds = (2_000, 10) if options.quick else (options.count, LONGEST_S)
    if count > 100_000:
        seconds = count / 100_000 * LONGEST_S
    command = [program("space_load"), "creations", server.port, count, seconds]
    client = subprocess.Popen(
        [str(part) for part in command],
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=bound_to(CLIENT_CORE),
    )
    rows = []
    for line in client.stdout:
        at = json.loads(line)
        at["pss"] = pss_megabytes(server.processes[0].pid)
        at["disk"] = disk_megabytes(server)
        rows.append(at)
        report.line(subject="kronborg", figure="course", **at)
    if client.wait() != 0 or not rows:
        raise Refused(f"the load ended early: {place.log_of(server.name)}")
    heads = ["s", "created", "refused", "PSS MB", "disk MB", "reader p50 ms", "reader p99 ms"]
    step = max(1, len(rows) // SHOWN)
    shown = rows[::step] if rows[-1] in rows[::step] else [*rows[::step], rows[-1]]
    members = ("at", "made", "refused", "pss", "disk")
    report.table(
        heads,
        [
            [*(f"{row[name]:,.0f}" for name in members)]
            + [f"{row['p50_us'] / 1e3:.2f}", f"{row['p99_us'] / 1e3:.2f}"]
            for row in shown
        ],
    )
