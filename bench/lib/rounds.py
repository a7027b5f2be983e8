"""Tests of tests/program with another number of rounds."""

import os
import subprocess
import time

from lib.place import Refused
from lib.servers import KRONBORG, ROOT


def run_test(name, options, report):
    rounds = 20 if options.quick else options.count
    begin = time.monotonic()
    done = subprocess.run(
        ["node", "--test", "--test-reporter=spec", f"tests/program/{name}.test.mjs"],
        cwd=ROOT,
        env={**os.environ, "KRONBORG_ROUNDS": str(rounds), "KRONBORG_BINARY": str(KRONBORG)},
        check=False,
    )
    if done.returncode != 0:
        raise Refused(f"the test {name} failed")
    report.say(f"{rounds:,} rounds, none failed")
    report.line(subject="kronborg", figure="rounds", value=rounds, failed=0)
    report.line(subject="kronborg", figure="time", value=round(time.monotonic() - begin, 1), unit="s")
