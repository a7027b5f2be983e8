#!/usr/bin/env python3
"""The rules of the house that no compiler checks. One line per finding: path:line: rule: what to do.

usage: tools/tidy.py [ROOT]     exit code 0 when there is nothing to do, 1 otherwise
"""

import pathlib
import subprocess
import sys

from tidy_rules import folders, names, sizes, words
from tidy_rules.source import Source

LEFT_OUT = {".git", "build", "node_modules", "__pycache__", ".cache"}


def paths_of(root):
    """Files that are, or would be, in the repository; every file where there is no repository."""
    if (root / ".git").exists():
        command = ["git", "-C", str(root), "ls-files", "-z", "-co", "--exclude-standard"]
        listed = subprocess.run(command, check=True, capture_output=True).stdout.decode()
        found = [root / name for name in listed.split("\0") if name]
    else:
        found = root.rglob("*")
    kept = (p for p in found if not LEFT_OUT.intersection(p.relative_to(root).parts))
    return sorted(set(p for p in kept if p.is_file() and not p.is_symlink()))


def check(root):
    sources = [Source(root, path) for path in paths_of(root)]
    findings, notes = [], []
    for rule in (folders, sizes, names, words):
        found, noted = rule.check(sources)
        findings += found
        notes += noted
    return sorted(findings), sorted(notes)


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else __file__ + "/../..").resolve()
    findings, notes = check(root)
    for note in notes:
        print(f"note: {note}")
    for finding in findings:
        print(finding)
    print(f"tidy: {len(findings)} findings, {len(notes)} notes")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
