"""What may not stand in the text of a file."""

import re

# Put together here, so that this file does not hold what it forbids.
UNFINISHED = re.compile(r"\b(" + "|".join(["TO" "DO", "FIX" "ME", "X" "XX", "HA" "CK"]) + r")\b")
MACHINE_PATH = re.compile(r"(?:^|[^\w.}~*-])/(?:home|root|work|farm|Users)/")

# Given from outside and kept as they are.
CARRIED = ("testdata/", "fuzz/corpus/")
LOCK_FILES = {"package-lock.json"}


def check(sources):
    findings = []
    for source in sources:
        if source.name.startswith(CARRIED) or source.path.name in LOCK_FILES:
            continue
        findings += banned(source)
        findings += spacing(source)
        if source.path.suffix == ".h" and "#pragma once" not in source.lines:
            findings.append(source.finding(1, "pragma-once", "begin the header with #pragma once"))
    return findings, []


def banned(source):
    findings = []
    for number, line in enumerate(source.lines, 1):
        match = UNFINISHED.search(line)
        if match:
            what = f"{match.group(1)}: do it, or write down why not"
            findings.append(source.finding(number, "banned-word", what))
        if MACHINE_PATH.search(line):
            what = "a path of one machine: make it relative or a parameter"
            findings.append(source.finding(number, "machine-path", what))
    return findings


def spacing(source):
    if not source.is_code:
        return []
    findings = []
    for number, line in enumerate(source.lines, 1):
        if "\t" in line:
            findings.append(source.finding(number, "tab", "indent with spaces"))
        if line != line.rstrip():
            findings.append(source.finding(number, "trailing-space", "take it away"))
    if source.text and not source.text.endswith("\n"):
        findings.append(source.finding(len(source.lines), "last-line", "end it with a newline"))
    return findings
