"""Code of the project that needs kedro-mlflow, or that logs to MLflow by itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from scripts.installing.kedro_mlflow.entry import KINDS
from scripts.installing.kedro_mlflow.findings import Findings

_PIPELINE = "MLflowPipelineModelHook records a pipeline as a model (docs/pipeline-as-a-model.md)"
_INSTEAD = {
    "pipeline_ml_factory": f"return the pipelines as they are; {_PIPELINE}",
    "PipelineML": f"return the pipelines as they are; {_PIPELINE}",
    "KedroPipelineModel": _PIPELINE,
    "MlflowHook": "the layer's hooks stand in HOOKS instead",
    "mlflow_hook": "the layer's hooks stand in HOOKS instead",
    "KedroMlflowConfig": "what it says stands in mlflow_config.py",
    "get_mlflow_config": "what it says stands in mlflow_config.py",
}
_LOGS = ("log_", "set_tag", "set_experiment", "set_tracking_uri", "start_run", "autolog")


def look(package: Path, skipped: Path, tracking: str, findings: Findings) -> bool:
    """Note each place in a package's files that has to be changed by hand.

    Args:
        package: the package's folder.
        skipped: the layer's own folder.
        tracking: dotted path of the layer.
        findings: takes what is found.

    Returns:
        Whether any file names kedro-mlflow.
    """
    names_it = False
    for path in sorted(package.rglob("*.py")):
        if path.is_relative_to(skipped):
            continue
        try:
            source = path.read_bytes()
            tree = ast.parse(source)
        except (OSError, SyntaxError, ValueError):
            continue  # Kedro tells of it
        names_it |= b"kedro_mlflow" in source
        for line, text in _found(tree, tracking):
            findings.add(path, line, text)
    return names_it


def _found(tree: ast.AST, tracking: str) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.partition(".")[0] == "kedro_mlflow":
                    yield node.lineno, f"import {alias.name}: {_instead('', tracking)}"
        elif isinstance(node, ast.ImportFrom):
            if not node.level and (node.module or "").partition(".")[0] == "kedro_mlflow":
                for alias in node.names:
                    yield node.lineno, f"{alias.name}: {_instead(alias.name, tracking)}"
        elif isinstance(node, ast.Constant):
            if isinstance(node.value, str) and node.value.startswith("kedro_mlflow."):
                name = node.value.rpartition(".")[2]
                yield node.lineno, f"{name}: {_instead(name, tracking)}"
        elif isinstance(node, ast.Attribute):
            owner = getattr(node.value, "id", "")
            if (owner, node.attr) == ("context", "mlflow"):
                yield node.lineno, "context.mlflow: what it says stands in mlflow_config.py"
            elif owner == "mlflow" and node.attr.startswith(_LOGS):
                yield (
                    node.lineno,
                    f"mlflow.{node.attr}: goes to the run only with MLflowAutologHook in HOOKS; "
                    f"or return the value from the node",
                )


def _instead(name: str, tracking: str) -> str:
    if name in KINDS:
        return f"MLflowDataSet of {tracking} instead"
    return _INSTEAD.get(name, "nothing of kedro-mlflow works with the layer")
