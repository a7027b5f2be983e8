"""The decision on request tokens beside that on access keys, without a server."""

import subprocess
import tempfile

from lib.place import SERVER_CORE, Refused, bound_to
from lib.servers import program
from lib.stats import Series

SUMMARY = "full decision on 20,000 different request tokens of one device, beside as many access keys"

NAMES = {
    "key": "access key, not seen before",
    "token": "request token",
    "token_table": "request token of a device that signs often",
}


def run(place, options, report):
    rounds = 2 if options.quick else 5
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [program("token_cold"), folder, "20000", str(rounds)],
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=bound_to(SERVER_CORE),
        )
    if done.returncode != 0:
        raise Refused(done.stderr.strip())
    series = {name: Series() for name in NAMES}
    for line in done.stdout.splitlines():
        name, nanoseconds = line.split()
        series[name].add(float(nanoseconds) / 1e3)
    report.table(
        ["credential", "µs"],
        [[title, series[name].text(2)] for name, title in NAMES.items()],
    )
    for name, title in NAMES.items():
        report.figure(title, "time", series[name], "µs")
    rates = {name: Series(1e6 / v for v in s.values) for name, s in series.items()}
    report.ratio(NAMES["token"], NAMES["key"], "decisions/s", rates["token"], rates["key"])
    report.ratio(
        NAMES["token_table"],
        NAMES["key"],
        "decisions/s",
        rates["token_table"],
        rates["key"],
        floor=1 / 1.5,
    )
