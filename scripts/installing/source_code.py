"""What a Python file of the owner binds, told from its syntax; it is never run."""

from __future__ import annotations

import ast


def bindings(tree: ast.Module, name: str) -> list[ast.stmt]:
    """Return the statements at the top of a module that always bind a name."""
    return [statement for statement in tree.body if name in _bound(statement)]


def is_bound_below(tree: ast.Module, name: str) -> bool:
    """Whether a name may also be bound by a condition, a loop or `from … import *`."""
    for statement in tree.body:
        if isinstance(statement, ast.ImportFrom) and any(a.name == "*" for a in statement.names):
            return True
        if name in _bound(statement) or isinstance(statement, ast.FunctionDef | ast.ClassDef):
            continue
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store):
                return True
    return False


def mentions(tree: ast.Module, name: str) -> bool:
    """Whether a name stands anywhere in the code."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == name:
            return True
        if isinstance(node, ast.alias) and name in (node.name, node.asname):
            return True
    return False


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
