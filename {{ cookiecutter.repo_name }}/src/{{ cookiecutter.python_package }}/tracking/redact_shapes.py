"""The shapes in which names of secrets stand before their values, in texts and in code."""

import re

from .secret_names import looks_always_secret, looks_secret

MASK = "***"

# Bounded, or a megabyte of letters and hyphens would take minutes.
_NAME = r"(?<![\w.])(?P<name>[A-Za-z_][\w.\-]{0,80})"
# `"password": "***"`, `password = '***'`, and both in a text that is quoted itself.
_QUOTED = re.compile(
    r"(?P<q>(?:(?<!\\)\\{1,4})?[\"']?)" + _NAME + r"(?P=q)(?P<mark>\s*[:=]\s*[rbuf]?[rbuf]?)"
    r"(?:(?P<open>\\+[\"'])(?P<inner>.*?)(?P=open)"
    r"|\"(?P<double>(?:\\.|[^\"\\\n])*)\"|'(?P<single>(?:\\.|[^'\\\n])*)')"
)
_LIST = re.compile(r"(?P<q>[\"'])" + _NAME + r"(?P=q)(?P<mark>\s*:\s*)(?P<value>\[[^\]]{0,4000}\])")
_NUMBER = re.compile(r"(?P<q>[\"'])" + _NAME + r"(?P=q)(?P<mark>\s*:\s*)(?P<value>-?\d[\d.]*)")
# `password=x` in one word, as command lines, environments and connection strings have it.
_PAIR = re.compile(_NAME + r"(?P<mark>=)(?P<value>[^\s,;&`\"'(){}\[\]]+)")
_LAST_NAME = re.compile(r"[A-Za-z_][\w.\-]*$")
_OPTION = re.compile(r"(?<![\w\-])--" + _NAME + r"(?P<mark>\s+)(?P<value>[^\s\-\"'][^\s]*)")
# `X-Api-Key: x`, and YAML's mappings in one line: in prose a `secret: these, those` is none.
_BRACES = re.compile(r"\{[^{}\n]*\}")
_HYPHENED = re.compile(
    r"(?<![\w\-])(?P<name>\w{1,40}(?:-\w{1,40}){1,5})(?P<mark>:\s*)(?P<value>[^\s\"',;]+)"
)
_FLOW = re.compile(
    r"(?<=[\s,{])" + _NAME + r"(?P<mark>:[ \t]+)(?P<value>[^\s,{}\[\]\"'][^,{}\[\]\n]*)(?=[,}])"
)
# A line that is `password: x` and no more.
_LINE = re.compile(
    r"(?m)^(?P<lead>[ \t#>+\-]*)" + _NAME + r"(?P<mark>:[ \t]+)(?P<value>[^\s\"'].*?)[ \t\r]*$"
)
# The same at the end of a line, behind `UserWarning: ` or ` - INFO - `.
_LINE_END = re.compile(
    r"(?m)(?<=[:\-] )"
    + _NAME
    + r"(?P<mark>:[ \t]+)(?P<value>(?![\w.\-]{1,80}:\s)[^\s\"'].*?)[ \t\r]*$"
)
# The same in a text that is quoted: at its begin, and behind a `\n` of two characters.
_QUOTED_LINE = re.compile(
    r"(?:(?<=[\"'])|(?<=\\[nr]))[ \t#>+\-]*(?P<name>[A-Za-z_][\w.\-]{0,80})"
    r"(?P<mark>:[ \t]+)(?P<value>[^\s\"'\\].*?)(?=\\{1,4}[nr]|[\"']\s*(?:[,}\])]|$)|$)",
    re.MULTILINE,
)
# `"--token", "***"`, and in YAML's lists of one line and of several.
_ARGUMENT = re.compile(
    r"(?<![\w\-])--" + _NAME + r"(?P<mark>\\{0,4}[\"'],\s*(?:[+\-]\s*)?(?P<open>\\{0,4}[\"']))"
    r"(?P<value>[^\s\-].{0,4000}?)(?P=open)"
)
_FLOW_ARGUMENT = re.compile(
    r"(?<![\w\-])--"
    + _NAME
    + r"(?P<mark>,[ \t]*)(?P<value>[^\s,{}\[\]\"'\-][^,{}\[\]\n]*)(?=[^\[\]\n]{0,400}\])"
)
_BLOCK_ARGUMENT = re.compile(
    r"(?m)(?<=- )(?P<quote>[\"']?)--"
    + _NAME
    + r"(?P<mark>(?P=quote)[ \t\r]*\n[+\- ]?[ \t]*- [\"']?)"
    r"(?P<value>[^\s\"'\-].*?)(?=[\"']?[ \t\r]*$)"
)
_TEXT_SHAPES = (
    *(_LIST, _NUMBER, _OPTION, _FLOW_ARGUMENT, _BLOCK_ARGUMENT),
    *(_HYPHENED, _LINE, _LINE_END, _QUOTED_LINE),
)
# A text in quotes in a line of code, and `password=x` there: not `%s`, `{}`, `\S+` or `.*`.
_LITERAL = re.compile(r"\"(?:\\.|[^\"\\\n])+\"|'(?:\\.|[^'\\\n])+'")
_LITERAL_PAIR = re.compile(
    _NAME + r"(?P<mark>=)(?P<value>(?![%\\])(?=[^\s\w]{0,80}\w)[^\s,;&`\"'(){}\[\]\\]+)"
)
# The marks of a patch at the begin of a line, and its indentation.
_EDGE = re.compile(r"[+\- ]?[ \t]*")
_HUNK = re.compile(r"@@ -[\d,]+ \+[\d,]+ @@|\\ No newline")
# Not a secret but where it comes from, a type, or nothing: `${oc.env:DB_PASSWORD}`, `str`.
_NO_VALUE = re.compile(
    r"(?:\$|\*\*\*|<|(?:str|int|bytes|bool|float|None|null|true|false|True|False)\b|[|>][+-]?\d*$)"
)


def mask_in_text(text: str) -> str:
    """Mask the values of secrets' names in a text."""
    text = _ARGUMENT.sub(_mask_argument, _QUOTED.sub(_mask_quoted, text))
    for shape in _TEXT_SHAPES:
        text = shape.sub(_mask_value, text)
    text = _PAIR.sub(_mask_pair, text)
    return _BRACES.sub(lambda found: _FLOW.sub(_mask_value, found[0]), text)


def mask_in_code(text: str) -> str:
    """Mask the values of secrets' names in code and JSON: in quotes only."""
    text = _ARGUMENT.sub(_mask_argument, _QUOTED.sub(_mask_quoted, text))
    for shape in (_LIST, _NUMBER):
        text = shape.sub(_mask_value, text)
    return _LITERAL.sub(lambda found: _LITERAL_PAIR.sub(_mask_value, found[0]), text)


def mask_key(found: "re.Match[str]") -> str:
    """Mask the lines of a private key; their number and the edges of a patch stay."""
    first, *lines = found["inner"].split("\n")
    masked = "\n".join([MASK if first.strip() else first, *map(_mask_key_line, lines)])
    return f"{found['head']}{masked}{found['end']}"


def _mask_key_line(line: str) -> str:
    kept = _HUNK.match(line) or _EDGE.match(line)
    edge = kept[0] if kept is not None else ""
    end = "\r" if line.endswith("\r") else ""
    if edge.startswith("\\"):
        return line
    return edge + ("" if edge.startswith("@@") or not line[len(edge) :].strip() else MASK) + end


def option_name(item: object) -> str:
    """Return the name of a secret's option, `token` of `--token`; empty for anything else."""
    name = item.lstrip("-") if isinstance(item, str) and item.startswith("--") else ""
    return name if looks_secret(name) and "=" not in name else ""


def _mask_value(found: "re.Match[str]") -> str:
    value = found["value"]
    if not _is_named_secret(found, value):
        return found[0]
    start = found[0][: found.start("value") - found.start()]
    quotes = '"' if found[0].startswith('"') else ""
    return f"{start}{quotes}{MASK}{quotes}{found[0][found.end('value') - found.start() :]}"


def _mask_pair(found: "re.Match[str]") -> str:
    """Mask `password=***`, where it is a value itself too: `--params=db.password=x`."""
    if _is_named_secret(found, found["value"]):
        return f"{found['name']}={MASK}"
    parts = found[0].split("=")
    for number, part in enumerate(parts[:-1], start=1):
        name = _LAST_NAME.search(part[-80:])
        value = "=".join(parts[number : number + 2])
        if name is not None and _is_secret_in_text(name[0], value):
            return "=".join([*parts[:number], MASK])
    return found[0]


def _mask_quoted(found: "re.Match[str]") -> str:
    group = next(name for name in ("inner", "double", "single") if found[name] is not None)
    start, end = found.start(group) - found.start(), found.end(group) - found.start()
    inner = found[group]
    # What is no secret itself may quote one: `{'note': 'use password="***"'}`.
    is_named = inner and _is_named_secret(found, inner)
    masked = MASK if is_named else _QUOTED.sub(_mask_quoted, inner)
    return f"{found[0][:start]}{masked}{found[0][end:]}"


def _mask_argument(found: "re.Match[str]") -> str:
    # `option("--token", "api_token")` in code says what the option is called.
    if found["value"].isidentifier() and looks_secret(found["value"]):
        return found[0]
    return _mask_value(found)


def _is_named_secret(found: "re.Match[str]", value: str) -> bool:
    """Whether a value is a secret by its name, of which the `n` of a `\\n` before it is no part."""
    name, start = found["name"], found.start("name")
    if _is_secret_in_text(name, value):
        return True
    is_escaped = start > 0 and found.string[start - 1] == "\\" and name[0] in "nrt"
    return is_escaped and _is_secret_in_text(name[1:], value)


def _is_secret_in_text(name: str, value: str) -> bool:
    if _NO_VALUE.match(value):
        return False
    if name == "PWD":  # of ODBC, or the shell's working directory
        return not value.startswith("/")
    return looks_always_secret(name) if value.isdigit() else looks_secret(name)
