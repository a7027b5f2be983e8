#!/usr/bin/env python3
"""Builds what the named tests need, runs them with ctest and sums up.

usage: tools/run_tests.py BUILD_FOLDER [NAME]…     a NAME is that of a test or a label; none: all tests

The last line is "N passed, N failed", counting the cases inside a test that says how many it had.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import xml.etree.ElementTree as xml

# (passed, failed, skipped) in the words of GoogleTest, of Node's runner and of Python's unittest.
COUNTS = [
    (
        r"\[  PASSED  \] (\d+) test",
        r"\[  FAILED  \] (\d+) tests?, listed",
        r"\[  SKIPPED \] (\d+) test",
    ),
    (r"^(?:#|ℹ) pass (\d+)", r"^(?:#|ℹ) fail (\d+)", r"^(?:#|ℹ) skipped (\d+)"),
    (r"^Ran (\d+) tests? in", r"^FAILED \(.*?(?:failures|errors)=(\d+)", r"skipped=(\d+)"),
]
SKIPPED_NAME = re.compile(r"^\[  SKIPPED \] (\S+\.\S+)", re.MULTILINE)
KEEP_ALL = str(64 << 20)  # bytes of output kept per test, for counting


def main():
    build, names = pathlib.Path(sys.argv[1]), sys.argv[2:]
    tests = listed(build)
    selected = select(tests, names)
    programs = targets(build, selected, names)
    command = ["cmake", "--build", build, "--parallel", jobs(), "--target", *programs]
    if programs and subprocess.run(command, check=False).returncode:
        print(f"could not build {build}\n0 passed, 1 failed")
        return 1
    report = (build / "tests.xml").resolve()
    report.unlink(missing_ok=True)
    code = run(build, selected, report)
    passed, failed, skipped = sum_up(report)
    for name in skipped:
        print(f"skipped: {name}")
    print(f"{passed} passed, {failed} failed")
    return 1 if code or failed else 0


def run(build, selected, report):
    pattern = "^(" + "|".join(test["name"] for test in selected) + ")$"
    command = ["ctest", "--test-dir", build, "-R", pattern, "--parallel", jobs(), "--no-tests=error"]
    command += ["--output-on-failure", "--output-junit", report]
    command += ["--test-output-size-passed", KEEP_ALL, "--test-output-size-failed", KEEP_ALL]
    return subprocess.run(command, check=False).returncode


def jobs():
    return str(os.cpu_count() or 1)


def listed(build):
    command = ["ctest", "--test-dir", build, "--show-only=json-v1"]
    tests = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["tests"]
    for test in tests:
        properties = {p["name"]: p["value"] for p in test.get("properties", [])}
        test["labels"] = properties.get("LABELS", [])
        test["environment"] = " ".join(properties.get("ENVIRONMENT", []))
    return tests


def select(tests, names):
    """The tests that carry one of the names; all of them for no name. Ends the program for a name
    that no test carries."""
    known = {test["name"] for test in tests} | {label for test in tests for label in test["labels"]}
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"there is no test {', '.join(unknown)}; there are: {' '.join(sorted(known))}")
        sys.exit(2)
    if not names:
        return tests
    return [test for test in tests if not {test["name"], *test["labels"]}.isdisjoint(names)]


def targets(build, selected, names):
    """The programs that the tests need: their own, by its name, and the product where a test is told
    its path. Everything when that cannot be said."""
    if not names:
        return ["all"]
    command = ["ninja", "-C", build, "-t", "targets", "all"]
    listing = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    known = {line.split(":")[0] for line in listing.splitlines()}
    programs = set()
    for test in selected:
        own = {test["name"] + "_test", test["name"].removesuffix("_corpus")} & known
        product = {"kronborg"} if "KRONBORG_BINARY=" in test["environment"] else set()
        if not own | product and "house" not in test["labels"]:
            return ["all"]
        programs |= own | product
    return sorted(programs)


def sum_up(report):
    passed, failed, skipped = 0, 0, []
    for case in xml.parse(report).getroot().iter("testcase"):
        output = case.findtext("system-out") or ""
        good, bad, left_out = counts(output)
        if case.get("status") != "run":
            bad = max(bad, 1)
        elif good + bad == 0 and not left_out:
            good = 1
        passed, failed = passed + good, failed + bad
        names = dict.fromkeys(SKIPPED_NAME.findall(output))
        skipped += [f"{case.get('name')}: {name}" for name in names]
    return passed, failed, skipped


def counts(output):
    totals = [0, 0, 0]
    for patterns in COUNTS:
        found = [sum(int(n) for n in re.findall(p, output, re.MULTILINE)) for p in patterns]
        if patterns[0].startswith("^Ran"):
            found[0] -= found[1] + found[2]
        totals = [total + one for total, one in zip(totals, found)]
    return totals


if __name__ == "__main__":
    sys.exit(main())
