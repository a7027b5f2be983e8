"""Which folder may include which: the architecture as data."""

import re

RANKS = {
    "base": 0,
    "crypto": 1,
    "sql": 1,
    "http": 1,
    "mdns": 1,
    "identity": 2,
    "keyholder": 3,
    "credential": 3,
    "authority": 4,
    "pairing": 5,
    "channel": 5,
    "spaces": 5,
    "gate": 6,
    "api": 6,
    "doors": 7,
    "app": 8,
    "cli": 9,
}

# Headers from outside that only some folders may include; the first row that fits counts.
OUTSIDE = [
    (r"openssl/(ssl|err)\.h", {"crypto", "http"}),
    (r"(openssl/|secp256k1|sodium)", {"crypto"}),
    (r"boost/asio/ssl", {"http"}),
    (r"boost/asio", {"http", "gate", "doors", "app"}),
    (r"(sqlite3\.h|libpq)", {"sql"}),
    (r"avahi-", {"mdns"}),
    (r"qrencode\.h", {"cli"}),
    (r"gumbo\.h", {"spaces"}),
    (r"(seccomp\.h|linux/seccomp\.h|tss2/|libsecret/)", {"keyholder"}),
]

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
LIBRARY = re.compile(r"kronborg_library\(\s*(\w+)\s+FOLDERS\b([^)A-Z]*)")


def check(sources):
    findings = []
    included = {}
    names = {source.name for source in sources}
    for source in sources:
        if not source.is_cxx:
            continue
        for line, kind, header in includes(source):
            if kind == "<":
                findings += outside(source, line, header)
            else:
                findings += inside(source, line, header, names)
                if source.folder and header.split("/")[0] in RANKS:
                    uses = included.setdefault(source.folder, {})
                    uses.setdefault(header.split("/")[0], (source, line))
    for source in sources:
        if source.folder and source.parts[-1] == "CMakeLists.txt":
            findings += declared(source, included.get(source.folder, {}))
    return findings, []


def includes(source):
    for number, line in enumerate(source.lines, 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match.group(1), match.group(2)


def outside(source, line, header):
    if source.folder is None:
        return []
    for pattern, allowed in OUTSIDE:
        if re.match(pattern, header):
            if source.folder in allowed:
                return []
            where = ", ".join(sorted(f"{folder}/" for folder in allowed))
            return [source.finding(line, "outside-header", f"only {where} may include <{header}>")]
    return []


def inside(source, line, header, names):
    folder = header.split("/")[0]
    if source.folder is None:
        return []
    # What tests share stands in tests/support/; the product itself knows nothing of it.
    if folder == "support" and source.is_test:
        return []
    if folder not in RANKS or "/" not in header:
        return [source.finding(line, "include", f'name it "folder/{header.split("/")[-1]}"')]
    if f"src/{header}" not in names:
        return [source.finding(line, "include", f"there is no src/{header}")]
    if source.folder not in RANKS:
        what = f"give {source.folder}/ a rank in tools/tidy_rules/folders.py"
        return [source.finding(line, "rank", what)]
    if folder != source.folder and RANKS[folder] >= RANKS[source.folder]:
        what = (
            f"{source.folder}/ (rank {RANKS[source.folder]}) may not include "
            f"{folder}/ (rank {RANKS[folder]}): move the code down"
        )
        return [source.finding(line, "rank", what)]
    return []


def declared(source, uses):
    """The FOLDERS of the folder's library are those it includes, and no others."""
    match = LIBRARY.search(source.text)
    if not match:
        return [source.finding(1, "cmake-folders", "declare the folder with kronborg_library(…)")]
    line = source.text.count("\n", 0, match.start()) + 1
    findings = []
    if match.group(1) != source.folder:
        what = f"name the library {source.folder}"
        findings.append(source.finding(line, "cmake-folders", what))
    listed = set(match.group(2).split())
    for folder in sorted(set(uses) - listed - {source.folder}):
        user, at = uses[folder]
        what = f"add {folder} to FOLDERS ({user.name}:{at} includes it)"
        findings.append(source.finding(line, "cmake-folders", what))
    for folder in sorted(listed - set(uses)):
        what = f"take {folder} out of FOLDERS: nothing here includes it"
        findings.append(source.finding(line, "cmake-folders", what))
    return findings
