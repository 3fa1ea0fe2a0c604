"""`settings.py`: the hooks are added to `HOOKS`, which is never replaced."""

from __future__ import annotations

import ast
import re
from contextlib import suppress
from typing import Any

from scripts.installing.changes import NotUnderstoodError, insert_lines, split_lines
from scripts.installing.source_code import (
    bindings,
    docstring_end,
    is_bound_below,
    is_used,
    last_import,
    mentions,
    parsed,
)

NAME = "mlflow_hooks"
IMPORT = f"from .mlflow_config import {NAME}\n"
PASTE = f"{IMPORT}\nHOOKS = (*HOOKS, *{NAME})  # with the hooks that you have\n"
NEW = f'"""Project settings."""\n\n{IMPORT}\nHOOKS = {NAME}\n'
PLUGIN = "kedro_mlflow"
PLUGINS = "DISABLE_HOOKS_FOR_PLUGINS"
PLUGIN_PASTE = f'{PLUGINS} = ("{PLUGIN}",)  # with those that you have\n'


def with_hooks(text: str) -> str:
    """Return the text of settings.py with the layer's hooks in it.

    Args:
        text: its text now; empty where there is none.

    Raises:
        NotUnderstoodError: it is not plain where they belong.
    """
    if not text.strip():
        return text + NEW
    if has_hooks(text):
        return text
    tree = parsed(text)
    if is_bound_below(tree, "HOOKS"):
        raise NotUnderstoodError("HOOKS may come from a condition or from `import *`")
    found = bindings(tree, "HOOKS")
    if not found:
        return _assigned(text, tree)
    if len(found) == 1 and isinstance(found[0], ast.Assign | ast.AnnAssign):
        value = found[0].value
        assert value is not None
        if (added := _added(text, value, f"*{NAME}")) is not None:
            return _imported(added, tree, found[0].lineno)
    # An expression, or several statements: what they come to is known at the end only.
    body = _imported(text, tree, None).rstrip()
    new = f"\n# The hooks of MLflow tracking.\nHOOKS = (*HOOKS, *{NAME})\n"
    return insert_lines(body, len(split_lines(body)), new)


def conf_source(text: str) -> str:
    """Return the folder of the configuration that settings.py names, Kedro's own by default."""
    value = _value(text, "CONF_SOURCE")
    said = value.value if isinstance(value, ast.Constant) else None
    return said if isinstance(said, str) else "conf"


def loader_args(text: str) -> dict[str, Any]:
    """Return what `CONFIG_LOADER_ARGS` says in so many words; what is computed is left out."""
    value = _value(text, "CONFIG_LOADER_ARGS")
    found = {}
    pairs = zip(value.keys, value.values, strict=True) if isinstance(value, ast.Dict) else ()
    for key, argument in pairs:
        if isinstance(key, ast.Constant):
            with suppress(ValueError, TypeError):
                found[str(key.value)] = ast.literal_eval(argument)
    return found


def has_hooks(text: str) -> bool:
    """Whether settings.py has the layer's hooks already."""
    return has_name(text, NAME) or has_name(text, "MLflowBasicLoggerHook")


def has_name(text: str, name: str) -> bool:
    """Whether a name stands in the code of settings.py."""
    return mentions(_tree(text), name)


def uses_name(text: str, name: str) -> bool:
    """Whether settings.py does more with a name than to import it."""
    return is_used(_tree(text), name)


def imports_config(text: str) -> bool:
    """Whether settings.py takes the hooks from the `mlflow_config.py` that lies beside it."""
    return any(
        isinstance(node, ast.ImportFrom) and (node.level, node.module) == (1, "mlflow_config")
        for node in ast.walk(_tree(text))
    )


def without_plugin(text: str) -> str:
    """Return the text of settings.py with the hooks of kedro-mlflow turned off.

    Raises:
        NotUnderstoodError: it is not plain where that belongs.
    """
    tree = parsed(text)
    if is_bound_below(tree, PLUGINS):
        raise NotUnderstoodError(f"{PLUGINS} may come from a condition or from `import *`")
    found = bindings(tree, PLUGINS)
    if not found:
        line = f'{PLUGINS} = ("{PLUGIN}",)\n'
        return insert_lines(
            text, len(split_lines(text)), f"\n# Its runs are this layer's now.\n{line}"
        )
    if len(found) == 1 and isinstance(found[0], ast.Assign | ast.AnnAssign):
        value = found[0].value
        if isinstance(value, ast.Tuple | ast.List) and PLUGIN in map(_constant, value.elts):
            return text
        if value is not None and (added := _added(text, value, f'"{PLUGIN}"')) is not None:
            return added
    raise NotUnderstoodError(f"{PLUGINS} is no plain tuple or list")


def _tree(text: str) -> ast.Module:
    """Return the syntax tree of settings.py, an empty one where it is no Python."""
    try:
        return parsed(text)
    except NotUnderstoodError:
        return ast.Module([], [])


def _value(text: str, name: str) -> ast.expr | None:
    found = bindings(_tree(text), name)
    last = found[-1] if found else None
    return last.value if isinstance(last, ast.Assign | ast.AnnAssign) else None


def _assigned(text: str, tree: ast.Module) -> str:
    """Add `HOOKS = mlflow_hooks`: below Kedro's own comment on it, else at the end."""
    lines = split_lines(text)
    comments = [n for n, line in enumerate(lines, 1) if re.match(r"#\s*HOOKS\s*=", line)]
    inside = [(node.lineno, node.end_lineno or 0) for node in tree.body]
    free = [n for n in comments if not any(first <= n <= last for first, last in inside)]
    last = last_import(tree)
    if free and (last is None or last.lineno < free[-1]):
        added = insert_lines(text, free[-1], f"HOOKS = {NAME}\n")
    else:
        added = insert_lines(text, len(lines), f"\nHOOKS = {NAME}\n")
    return _imported(added, tree, None)


def _imported(text: str, tree: ast.Module, before: int | None) -> str:
    """Add the import below the others.

    Args:
        text: the text, changed only below the imports.
        tree: the module as it was.
        before: the line above which it has to stand.
    """
    last = last_import(tree, before)
    if last is not None:
        own = isinstance(last, ast.ImportFrom) and last.level > 0
        return insert_lines(text, last.end_lineno or last.lineno, IMPORT if own else f"\n{IMPORT}")
    if end := docstring_end(tree):
        return insert_lines(text, end, f"\n{IMPORT}")
    if before is not None:
        return insert_lines(text, before - 1, f"{IMPORT}\n")
    return insert_lines(text, 0, f"{IMPORT}\n")


def _added(text: str, value: ast.expr, item: str) -> str | None:
    """Return a text with an item more in a tuple or list; None where that can't be told."""
    if not isinstance(value, ast.Tuple | ast.List) or value.end_lineno is None:
        return None
    end = _offset(text, value.end_lineno, value.end_col_offset or 0) - 1
    if not value.elts:
        comma = "," if isinstance(value, ast.Tuple) else ""
        return _checked(text[:end] + item + comma + text[end:], value, 1)
    last = value.elts[-1]
    after = _offset(text, last.end_lineno or 0, last.end_col_offset or 0)
    # A parenthesis of the item itself may stand before the comma.
    tail = re.sub(r"#[^\n]*", lambda found: " " * len(found[0]), text[after:end])
    comma_at = tail.find(",")
    if "\n" in tail:
        line = text.rfind("\n", 0, end) + 1
        indent = re.match(r"[ \t]*", split_lines(text)[last.lineno - 1])
        new = f"{indent[0] if indent else ''}{item},{_end(text)}"
        if text[line:end].strip():
            return None
        head = text[:line]
        if comma_at < 0:
            close = after + len(tail) - len(tail.lstrip(")"))
            head = text[:close] + "," + text[close:line]
        return _checked(head + new + text[line:], value, len(value.elts) + 1)
    if comma_at < 0:
        return _checked(f"{text[:end]}, {item}{text[end:]}", value, len(value.elts) + 1)
    gap = "" if tail.endswith(" ") else " "
    return _checked(text[:end] + gap + item + text[end:], value, len(value.elts) + 1)


def _checked(text: str, value: ast.expr, count: int) -> str | None:
    """Return a text if it says what was meant: the same statement with one item more."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return None
    for statement in tree.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
            found = statement.value
            if (found.lineno, found.col_offset) == (value.lineno, value.col_offset):
                is_one = isinstance(found, ast.Tuple | ast.List) and len(found.elts) == count
                return text if is_one else None
    return None


def _offset(text: str, line: int, column: int) -> int:
    """Return where a place of the syntax tree, whose columns are bytes, lies in the text."""
    lines = split_lines(text)
    return sum(map(len, lines[: line - 1])) + len(lines[line - 1].encode()[:column].decode())


def _constant(node: ast.expr) -> object:
    return node.value if isinstance(node, ast.Constant) else None


def _end(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"
