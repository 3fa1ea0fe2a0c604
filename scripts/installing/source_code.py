"""What a Python file of the owner binds, told from its syntax; it is never run."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from pathlib import Path

from scripts.installing.changes import NotUnderstoodError

_SCOPES = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda


def parsed(text: str) -> ast.Module:
    """Return the syntax tree of a text.

    Raises:
        NotUnderstoodError: it is no Python.
    """
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError) as error:
        raise NotUnderstoodError(f"it is no Python that can be read ({error})") from error


def bindings(tree: ast.Module, name: str) -> list[ast.stmt]:
    """Return the statements at the top of a module that always bind a name."""
    return [statement for statement in tree.body if name in _bound(statement)]


def is_bound_below(tree: ast.Module, name: str) -> bool:
    """Whether a name may also be bound by a condition, a loop or `from … import *`."""
    if any(isinstance(node, ast.Global) and name in node.names for node in ast.walk(tree)):
        return True
    below = (statement for statement in tree.body if name not in _bound(statement))
    return any(_may_bind(node, name) for statement in below for node in _in_scope(statement))


def mentions(tree: ast.Module, name: str) -> bool:
    """Whether a name stands anywhere in the code."""
    for node in ast.walk(tree):
        if name in (getattr(node, "id", None), getattr(node, "attr", None)):
            return True
        if isinstance(node, ast.alias) and name in (node.name, node.asname):
            return True
    return False


def is_used(tree: ast.Module, name: str) -> bool:
    """Whether a name, or what it is imported as, stands in the code outside of imports."""
    nodes = list(ast.walk(tree))
    imported = [node for node in nodes if isinstance(node, ast.alias) and node.name == name]
    names = {name, *(alias.asname for alias in imported if alias.asname)}
    return any(
        (isinstance(node, ast.Name) and node.id in names)
        or (isinstance(node, ast.Attribute) and node.attr == name)
        for node in nodes
    )


def imports_any(text: str, modules: Collection[str], home: Path) -> bool:
    """Whether a text imports one of these modules of a package; also where it is no Python.

    Args:
        text: that of a file of the package.
        modules: the modules.
        home: the package's folder, by whose last parts it may be imported.
    """
    try:
        tree = parsed(text.removeprefix("\ufeff"))
    except NotUnderstoodError:
        return True
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names += [f"{'.' * node.level}{node.module or ''}.{one.name}" for one in node.names]
        elif isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
    return any(_is_of(name.split("."), modules, home) for name in names)


def _is_of(parts: list[str], modules: Collection[str], home: Path) -> bool:
    # That of a relative import begins with an empty part.
    return any(
        part in modules and at > 0 and (not parts[0] or tuple(parts[:at]) == home.parts[-at:])
        for at, part in enumerate(parts)
    )


def last_import(tree: ast.Module, before: int | None = None) -> ast.Import | ast.ImportFrom | None:
    """Return the last import at the top of a module.

    Args:
        tree: the module.
        before: only those above this line.
    """
    found = None
    for statement in tree.body:
        if before is not None and statement.lineno >= before:
            break
        if isinstance(statement, ast.Import | ast.ImportFrom):
            found = statement
    return found


def docstring_end(tree: ast.Module) -> int:
    """Return the last line of a module's docstring; 0 where it has none."""
    if ast.get_docstring(tree, clean=False) is None:
        return 0
    return tree.body[0].end_lineno or 0


def _in_scope(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a node and those in it that bind names where it stands itself."""
    yield node
    if not isinstance(node, _SCOPES):
        for inner in ast.iter_child_nodes(node):
            yield from _in_scope(inner)


def _may_bind(node: ast.AST, name: str) -> bool:
    if isinstance(node, ast.Name):
        return node.id == name and not isinstance(node.ctx, ast.Load)
    if isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar):
        return node.name == name
    if isinstance(node, ast.MatchMapping):
        return node.rest == name
    return isinstance(node, ast.stmt) and bool({name, "*"} & _bound(node))


def _bound(statement: ast.stmt) -> set[str]:
    if isinstance(statement, ast.Assign):
        return {target.id for target in statement.targets if isinstance(target, ast.Name)}
    if isinstance(statement, ast.AnnAssign | ast.AugAssign):
        has_value = statement.value is not None
        return (
            {statement.target.id} if isinstance(statement.target, ast.Name) and has_value else set()
        )
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {alias.asname or alias.name.split(".")[0] for alias in statement.names}
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {statement.name}
    return set()
