"""One file of the tree, read once."""

import functools

from tidy_rules import cxx

CXX = {".h", ".cc"}
SCRIPTS = {".py", ".sh", ".bash", ".js", ".mjs", ".cjs", ".ts", ".svelte", ".cmake"}
SCRIPT_NAMES = {"dev", ".ci/run", "bench/run", "CMakeLists.txt"}


class Source:
    def __init__(self, root, path):
        self.path = path
        self.name = path.relative_to(root).as_posix()
        self.parts = path.relative_to(root).parts
        self.is_cxx = path.suffix in CXX
        self.is_code = (
            self.is_cxx
            or path.suffix in SCRIPTS
            or self.name in SCRIPT_NAMES
            or path.name in SCRIPT_NAMES
        )
        self.is_test = path.stem.endswith("_test") or self.parts[0] in ("tests", "bench", "fuzz")

    @functools.cached_property
    def text(self):
        """Nothing for a file that is not text."""
        content = self.path.read_bytes()
        if b"\0" in content:
            return ""
        return content.decode("utf-8", errors="replace")

    @functools.cached_property
    def lines(self):
        return self.text.splitlines()

    @functools.cached_property
    def blanked(self):
        """C++ with the content of comments and literals replaced by spaces."""
        return cxx.blank(self.text)

    @property
    def folder(self):
        """The folder of src/ it lies in."""
        return self.parts[1] if len(self.parts) > 2 and self.parts[0] == "src" else None

    def finding(self, line, rule, what_to_do):
        return f"{self.name}:{line}: {rule}: {what_to_do}"
