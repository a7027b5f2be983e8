"""The decision on keys that were not seen before, without a server."""

import subprocess

from lib.place import SERVER_CORE, Refused, bound_to
from lib.servers import program
from lib.stats import Series

SUMMARY = "full decision on 100,000 different keys in turn, beside bare secp256k1_ecdsa_recover"

NAMES = {
    "recover": "secp256k1_ecdsa_recover",
    "parse_recover": "the same, and reading the key",
    "decide": "kronborg, full decision",
}


def measured(issuers, options):
    """Microseconds per key, by name."""
    rounds = 2 if options.quick else 5
    done = subprocess.run(
        [program("sig_cold"), "100000", str(issuers), str(rounds)],
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
    return series


def run(place, options, report):
    for issuers in (1, 16):
        series = measured(issuers, options)
        rates = {name: Series(1e6 / v for v in s.values) for name, s in series.items()}
        report.table(
            [f"issuers: {issuers}", "µs/key", "keys/s, one core"],
            [[NAMES[n], series[n].text(2), rates[n].text()] for n in NAMES],
        )
        for name, title in NAMES.items():
            report.figure(f"{title}, issuers {issuers}", "time", series[name], "µs/key")
        for peer in ("recover", "parse_recover"):
            report.ratio("kronborg", NAMES[peer], "keys/s", rates["decide"], rates[peer])
