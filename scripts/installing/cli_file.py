"""`cli.py`: `kedro mlflow …`, and a `kedro run` that is tracked from its first moment."""

from __future__ import annotations

import ast

from scripts.installing.changes import NotUnderstoodError, insert_lines, split_lines
from scripts.installing.source_code import bindings, is_bound_below, parsed

NEW = '''"""The project's commands: `kedro run` and `kedro mlflow …` beside Kedro's own."""

import click
from kedro.framework.cli.project import run as kedro_run

from .tracking.commands.cli import mlflow
from .tracking.commands.run import tracked

# `kedro run` as it is, with the exporter started while the pipeline is being imported.
run = tracked(kedro_run)


@click.group()
def cli() -> None:
    """Commands of this project."""


cli.add_command(run, "run")
cli.add_command(mlflow, "mlflow")
'''
COMMANDS = "from .tracking.commands.cli import mlflow as mlflow_commands  # noqa: E402\n"
RUN = "from .tracking.commands.run import tracked  # noqa: E402\n"
KEDRO_RUN = "from kedro.framework.cli.project import run as kedro_run  # noqa: E402\n\n"
ADDED = 'cli.add_command(mlflow_commands, "mlflow")\n'
TRACKED = 'run = tracked({run})\ncli.add_command(run, "run")\n'
HEAD = "\n\n# MLflow tracking.\n"
PASTE = f"{COMMANDS}\n{ADDED}"


def with_commands(text: str) -> str:
    """Return the text of cli.py with the layer's commands in it.

    Args:
        text: its text now; empty where there is none.

    Raises:
        NotUnderstoodError: it has no group `cli` that is plain to see.
    """
    if not text.strip():
        return text + NEW
    if "tracking.commands" in text:
        return text
    tree = parsed(text)
    found = bindings(tree, "cli")
    if is_bound_below(tree, "cli") or len(found) != 1 or not _is_group(found[0]):
        raise NotUnderstoodError("it has no group `cli` that is plain to see")
    block = HEAD + COMMANDS + "\n" + ADDED
    runs = bindings(tree, "run")
    if not runs and not is_bound_below(tree, "run"):
        block = HEAD + KEDRO_RUN + COMMANDS + RUN + "\n" + TRACKED.format(run="kedro_run") + ADDED
    elif len(runs) == 1 and _is_command(runs[0]):
        block = HEAD + COMMANDS + RUN + "\n" + TRACKED.format(run="run") + ADDED
    return insert_lines(text, _place(text, tree), block)


def _place(text: str, tree: ast.Module) -> int:
    """Return the line after which all commands are known: the last, but before a main guard."""
    last = tree.body[-1]
    is_guard = isinstance(last, ast.If) and "__name__" in ast.unparse(last.test)
    if is_guard and len(tree.body) > 1:
        return tree.body[-2].end_lineno or 0
    lines = split_lines(text)
    while lines and not lines[-1].strip():
        lines.pop()
    return len(lines)


def _is_group(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.FunctionDef):
        return any(_called(one).endswith("group") for one in statement.decorator_list)
    value = statement.value if isinstance(statement, ast.Assign) else None
    return isinstance(value, ast.Call) and _called(value).endswith("Group")


def _is_command(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.FunctionDef):
        return any(_called(one).endswith("command") for one in statement.decorator_list)
    if not isinstance(statement, ast.ImportFrom):
        return False
    return statement.module == "kedro.framework.cli.project"


def _called(node: ast.expr) -> str:
    return ast.unparse(node.func if isinstance(node, ast.Call) else node)
