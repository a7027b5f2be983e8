"""How big things may be."""

import ast
import statistics

from tidy_rules import cxx

SOFT_LINES = 300
HARD_LINES = 500
MEDIAN_LINES = 120
FUNCTION_LINES = 70
COLUMNS = 110


def check(sources):
    findings, notes = [], []
    for source in sources:
        if not source.is_code:
            continue
        size = len(source.lines)
        if size > HARD_LINES:
            what = f"{size} lines, {HARD_LINES} at most: split it by subject"
            findings.append(source.finding(1, "file-size", what))
        elif size > SOFT_LINES:
            notes.append(source.finding(1, "file-size", f"{size} lines, better {SOFT_LINES}"))
        findings += long_functions(source)
        findings += long_lines(source)
    notes += median(sources)
    return findings, notes


def long_functions(source):
    findings = []
    for first, last in spans(source):
        size = last - first + 1
        if size > FUNCTION_LINES:
            what = f"{size} lines, {FUNCTION_LINES} at most: give its steps names"
            findings.append(source.finding(first, "function-size", what))
    return findings


def spans(source):
    if source.is_cxx:
        return cxx.functions(source.blanked)
    if source.path.suffix == ".py":
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
        tree = ast.walk(ast.parse(source.text))
        return [(node.lineno, node.end_lineno) for node in tree if isinstance(node, kinds)]
    return []


def long_lines(source):
    findings = []
    for number, line in enumerate(source.lines, 1):
        # One long word (a digest, an address) has nowhere to break.
        if len(line) > COLUMNS and " " in line.strip():
            what = f"{len(line)} columns, {COLUMNS} at most: break it"
            findings.append(source.finding(number, "line-length", what))
    return findings


def median(sources):
    sizes = [len(s.lines) for s in sources if s.is_cxx and s.folder and not s.is_test]
    if not sizes:
        return []
    middle = int(statistics.median(sizes))
    if middle <= MEDIAN_LINES:
        return []
    return [f"src: median-size: the median file has {middle} lines, better {MEDIAN_LINES}"]
