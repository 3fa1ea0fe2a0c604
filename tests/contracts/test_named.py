"""Each thing that reaches behind a public interface says why, and has a test of its name."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.harness.doors import LAYER

# Test, and what it is of.
MODULES = {
    "kedro": "kedro_internals.py",
    "kedro_datasets": "kedro_datasets_internals.py",
    "mlflow": "store/mlflow_internals.py",
    "mlflow_database": "store/mlflow_database_internals.py",
    "lean_imports": "store/lean_imports.py",
}


def functions(file: Path) -> list[ast.FunctionDef]:
    """Return the functions at the top of a file."""
    tree = ast.parse(file.read_text("utf8"))
    return [node for node in tree.body if isinstance(node, ast.FunctionDef)]


@pytest.mark.contract
@pytest.mark.parametrize("test", MODULES)
def test_each_has_a_reason_a_version_an_end_and_a_contract(template: Path, test: str) -> None:
    internals = [
        node for node in functions(template / LAYER / MODULES[test]) if node.name[0] != "_"
    ]
    tests = functions(Path(__file__).with_name(f"test_{test}.py"))
    names = {node.name.removeprefix("test_") for node in tests}
    assert internals
    for node in internals:
        told = ast.get_docstring(node) or ""
        for part in ("Why: ", "Seen in: ", "Goes when: "):
            assert part in told, f"{node.name} in {MODULES[test]} does not say {part!r}"
        assert any(name == node.name or name.startswith(f"{node.name}__") for name in names), (
            f"{node.name} in {MODULES[test]} has no contract test"
        )
