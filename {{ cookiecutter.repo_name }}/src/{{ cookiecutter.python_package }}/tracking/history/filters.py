"""What is wrong with a filter or an order, in the words of who wrote it, and what to write."""

import difflib
import re
from collections.abc import Iterable
from typing import Any

from ..arguments import nearest
from ..journal.events import MEASURED

MAX_LISTED = 40
SYNTAX = (
    "A filter is like: metrics.score > 0.9 and params.`model.C` = '1.0' and tags.`kedro.runner` "
    "= 'ThreadRunner' and attributes.status = 'FINISHED'; an order like: metrics.score DESC."
)
ATTRIBUTES = ("run_id", "run_name", "status", "start_time", "end_time", "user_id", "artifact_uri")
STATUSES = ("RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED")
# What MLflow reads as one of its kinds of names.
_KINDS = {
    word: kind
    for kind, words in {
        "metrics": ("metric", "metrics"),
        "params": ("param", "params", "parameter", "parameters"),
        "tags": ("tag", "tags"),
        "attributes": ("attribute", "attributes", "attr", "run"),
        "datasets": ("dataset", "datasets"),
    }.items()
    for word in words
}
_TEXT = r"'[^']*'|\"[^\"]*\""
_NAME = r"(?:`[^`]*`|\"[^\"]*\"|[\w.\-/:]+)+"
_COMPARED = re.compile(
    rf"^\s*(?P<left>{_NAME}(?:\s+[\w.\-/:]+)*)\s*"
    rf"(?P<operator>[=<>!~]+|(?:not\s+)?i?like\b|(?:not\s+)?in\b|is\b)\s*(?P<value>.*?)\s*$",
    re.IGNORECASE | re.DOTALL,
)


class Names:
    """The names that the runs of an experiment have.

    Args:
        runs: the runs, of MLflow.
    """

    def __init__(self, runs: Iterable[Any]) -> None:
        known: dict[str, None] = {}
        self.has_runs = False
        for run in runs:
            self.has_runs = True
            data = run.data
            for kind, names in (("metrics", data.metrics), ("params", data.params)):
                known.update(dict.fromkeys(f"{kind}.{name}" for name in names))
            known.update(dict.fromkeys(f"tags.{name}" for name in data.tags))
        known.update(dict.fromkeys(f"attributes.{name}" for name in ATTRIBUTES))
        self.known = list(known)

    def wrong_with(self, name: str) -> str | None:
        """Return what is wrong with a name as it stands in a filter or an order; None if nothing.

        Args:
            name: say "metrics.score", "score", or "params.`model.C`".
        """
        plain = _plain(name)
        kind, _, rest = plain.partition(".")
        if _KINDS.get(kind) == "datasets" or plain.lower() in ATTRIBUTES:
            return None
        if kind not in _KINDS:
            return self._without_kind(name, plain)
        column = f"{_KINDS[kind]}.{rest}"
        if self.has_runs and column not in self.known:
            same = [one for one in self.known if one.startswith(f"{_KINDS[kind]}.")]
            telling = [one for one in same if not one.partition(".")[2].startswith(MEASURED)]
            return f"no run has {column!r}; there are {listed(telling)}.{nearest(column, same)}"
        if (found := re.search("[ /:-]", rest)) and not re.search(r"[`\"]", name):
            what = "a space" if found[0] == " " else repr(found[0])
            return f"{name!r} has {what} in it, so write {_written(column)}."
        return None

    def _without_kind(self, name: str, plain: str) -> str:
        whole = _KINDS.get(plain.partition(".")[0].lower())
        if whole:
            return (
                f"{name!r} begins with a capital letter; write {whole}.{plain.partition('.')[2]}."
            )
        fits = [one for one in self.known if one.partition(".")[2] == plain]
        if fits:
            return f"{name!r} does not say of which kind it is; write {_written(fits[0])}."
        near = difflib.get_close_matches(plain, [one.partition(".")[2] for one in self.known], n=1)
        column = next((one for one in self.known if near and one.endswith(f".{near[0]}")), None)
        meant = f" Did you mean {_written(column)}?" if column else ""
        return f"no run has {name!r}: write metrics.…, params.…, tags.… or attributes.….{meant}"


def wrong_filter(text: str, names: Names) -> str | None:
    """Return the first thing that is wrong with a filter; None if it is none that we know.

    Args:
        text: the filter.
        names: that the runs have.
    """
    bare = re.sub(_TEXT + "|`[^`]*`", lambda found: "_" * len(found[0]), text)
    for wrong, right in (("&&", "and"), ("&", "and"), ("||", None), ("|", None)):
        if wrong in bare:
            return f"{wrong!r} is no word of a filter; {_instead(right)}."
    if re.search(r"(?i)\bor\b", bare):
        return f"a filter has no 'or'; {_instead(None)}."
    start = 0
    for end in [*re.finditer(r"(?i)\s+and\s+", bare), None]:
        clause = text[start : end.start() if end else None]
        start = end.end() if end else start
        if (told := _wrong_clause(clause, names)) is not None:
            return told
    return None


def _instead(right: str | None) -> str:
    return f"write {right!r}" if right else "run the command once for each side"


def _wrong_clause(clause: str, names: Names) -> str | None:
    found = _COMPARED.match(clause)
    if found is None or not found["value"]:
        if found is None and re.fullmatch(rf"\s*{_NAME}\s*", clause):
            told = names.wrong_with(clause.strip())
            return (
                told or f"{clause.strip()!r} is compared with nothing; write {clause.strip()} = …."
            )
        return None
    name, operator, value = found["left"].strip(), found["operator"].lower(), found["value"]
    if (told := names.wrong_with(name)) is not None:
        return told
    instead = {"==": "=", "=>": ">=", "=<": "<=", "<>": "!=", "===": "=", "~": "like"}.get(operator)
    if instead:
        return f"MLflow has no {operator!r}; write {instead!r}: {name} {instead} {value}."
    kind = _KINDS.get(_plain(name).partition(".")[0], "attributes")
    is_text = re.fullmatch(_TEXT, value) is not None
    if kind == "metrics" and is_text:
        return f"metrics are numbers; write {name} {operator} {value[1:-1]}."
    if kind == "metrics" and re.fullmatch(r"\d+,\d+", value):
        return f"{value!r} is no number; write {value.replace(',', '.')}."
    if kind in ("params", "tags") and not is_text and operator in ("=", "!=", "<", ">", "<=", ">="):
        if operator not in ("=", "!="):
            return (
                f"{kind} are texts, so MLflow takes no {operator!r} for {name}; "
                f"record a metric to compare numbers, or write {name} = '{value}'."
            )
        return f"{kind} are texts; write {name} {operator} '{value}'."
    if kind in ("params", "tags") and operator in ("<", ">", "<=", ">="):
        return f"{kind} are texts, so MLflow takes no {operator!r} for {name}; write =, != or like."
    is_equal = operator in ("=", "!=")
    if kind == "attributes" and is_equal and not is_text and not re.fullmatch(r"[\d.]+", value):
        return f"texts stand in quotes; write {name} {operator} '{value}'."
    is_status = is_text and is_equal and _plain(name).rpartition(".")[2] == "status"
    if kind == "attributes" and is_status and value[1:-1] not in STATUSES:
        near = nearest(value[1:-1].upper(), STATUSES)
        return f"no run has the status {value}; there are {', '.join(STATUSES)}.{near}"
    return None


def wrong_order(text: str, names: Names) -> str | None:
    """Return what is wrong with an order; None if it is nothing that we know."""
    name = re.sub(r"(?i)\s+(asc|desc)\s*$", "", text.strip())
    if "," in re.sub(_TEXT + "|`[^`]*`", "", name):
        return f"--sort takes one name, {text!r} has several."
    if name.startswith("-"):
        return f"--sort takes no minus; write: {name[1:]} DESC."
    if re.fullmatch(_NAME, name) or " " in name and _plain(name.split(" ")[0]) in _KINDS:
        return names.wrong_with(name)
    return None


def _plain(name: str) -> str:
    return re.sub(r"[`\"]", "", name)


def _written(column: str) -> str:
    kind, _, name = column.partition(".")
    return column if re.fullmatch(r"\w+", name) else f"{kind}.`{name}`"


def listed(names: list[str]) -> str:
    """Return names as one text, the first of them where they are many."""
    shown = names[:MAX_LISTED]
    more = f" and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
    return ", ".join(shown) + more


def nearest_column(column: str, columns: list[str]) -> str:
    """Return ` Did you mean …?` for a column that there is not, or nothing, as `nearest`."""
    same = [one for one in columns if one.partition(".")[2] == column.strip(" `")]
    return f" Did you mean {same[0]!r}?" if same else nearest(column, columns)
