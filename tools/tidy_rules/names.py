"""Names that stand for a missing noun."""

import re

SUFFIXES = ("Manager", "Helper", "Utils", "Handler", "Processor")
ALTERNATIVES = "|".join(SUFFIXES)
TYPE = re.compile(
    r"\b(?:class|struct|union|enum|concept|using|typename|interface|type)\s+(?:class\s+|struct\s+)?"
    rf"(\w*(?:{ALTERNATIVES})s?)\b"
)
STEM = re.compile(rf"(?:^|[_\-.])(?:{ALTERNATIVES}|util)s?$", re.IGNORECASE)
CODE = {".h", ".cc", ".py", ".js", ".mjs", ".cjs", ".ts", ".svelte", ".sh"}


def check(sources):
    findings = []
    for source in sources:
        if source.path.suffix not in CODE:
            continue
        if STEM.search(source.path.stem.removesuffix("_test")):
            what = "name the file by the noun it holds"
            findings.append(source.finding(1, "banned-name", what))
        text = source.blanked if source.is_cxx else source.text
        for number, line in enumerate(text.splitlines(), 1):
            for match in TYPE.finditer(line):
                what = f"find the noun that {match.group(1)} stands for"
                findings.append(source.finding(number, "banned-name", what))
    return findings, []
