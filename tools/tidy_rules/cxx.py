"""As much of C++ as the rules need: what is code, and where a function begins and ends."""

import re

LITERAL = re.compile(
    r"""//(?:\\\n|[^\n])*
      | /\*.*?\*/
      | (?:u8|u|U|L)?R"(?P<delimiter>[^ ()\\\t\n]*)\(.*?\)(?P=delimiter)"
      | (?:u8|u|U|L)?"(?:\\.|[^"\\\n])*"
      | (?<![0-9A-Za-z_])(?:u8|u|U|L)?'(?:\\.|[^'\\\n])+'
    """,
    re.VERBOSE | re.DOTALL,
)
DIRECTIVE = re.compile(r"^[ \t]*#(?:\\\n|[^\n])*", re.MULTILINE)
NOT_NEWLINE = re.compile(r"[^\n]")
TYPE_OR_SPACE = re.compile(
    r"^(?:template\s*<.*>\s*)?(?:inline\s+|export\s+|typedef\s+|static\s+|constexpr\s+)*"
    r"(?:namespace|class|struct|union|enum|extern)\b",
    re.DOTALL,
)
LABEL = re.compile(r"\b(?:public|private|protected)\s*:")


def _spaces(match):
    return NOT_NEWLINE.sub(" ", match.group())


def blank(text):
    return LITERAL.sub(_spaces, text)


def functions(blanked):
    """(first line, last line) of every function, from the first word of its signature to its closing
    brace. Lambdas and types inside a function belong to it; initialisers are not functions."""
    code = DIRECTIVE.sub(_spaces, blanked)
    found = []
    index, head, parentheses = 0, 0, 0
    while index < len(code):
        char = code[index]
        if char in "()":
            parentheses += 1 if char == "(" else -1
        elif char == ";" and parentheses == 0:
            head = index + 1
        elif char == "}":
            head, parentheses = index + 1, 0
        elif char == "{":
            kind = _kind(LABEL.sub("", code[head:index]).strip(), parentheses)
            if kind == "scope":
                head = index + 1
            else:
                end = _closing(code, index)
                if kind == "function":
                    first = head + len(code[head:index]) - len(code[head:index].lstrip())
                    found.append((_line(code, first), _line(code, end)))
                    head = end + 1
                index = end
        index += 1
    return found


def _kind(head, parentheses):
    """What a brace opens that follows `head`: a "scope" of declarations, a "function" or a "value"."""
    if parentheses > 0:
        return "value"
    if TYPE_OR_SPACE.match(head) and not head.endswith(")") and not re.search(r"\)\s*const$", head):
        return "scope"
    if ")" not in head or head.endswith(("=", ",", "return")):
        return "value"
    # `: member_{…}` of a constructor: the name before the brace follows a colon or a comma.
    tail = head[head.rfind(")") + 1 :]
    if re.search(r"[:,]\s*[\w:]+(?:<[^{}]*>)?$", tail) or _member_initialiser(head):
        return "value"
    return "function"


def _member_initialiser(head):
    """`A(int x) : a_(x), b_`, whose brace initialises b_."""
    return re.search(r"\)\s*(?:noexcept\s*)?:\s.*[,:]\s*[\w:]+(?:<[^{}]*>)?$", head, re.DOTALL)


def _closing(code, opening):
    depth = 0
    for index in range(opening, len(code)):
        if code[index] == "{":
            depth += 1
        elif code[index] == "}":
            depth -= 1
            if depth == 0:
                return index
    return len(code) - 1


def _line(code, index):
    return code.count("\n", 0, index) + 1
