"""A pipeline of a test's own inside a generated project."""

from __future__ import annotations

import textwrap

from tests.harness.baked import BakedProject


def replace_pipelines(project: BakedProject, nodes: str, pipeline: str, catalog: str = "") -> None:
    """Put a test's pipeline in the place of the sample pipelines.

    Args:
        project: a project that the test may change.
        nodes: source of the functions.
        pipeline: the list of nodes, as source; `n` is the module of the functions.
        catalog: the entries of `catalog_dict`, as source.
    """
    package = project.root / "src" / project.package
    for folder in (package / "pipelines").iterdir():
        if folder.is_dir() and folder.name != "__pycache__":
            for path in folder.rglob("*.py"):
                path.unlink()
            (folder / "__init__.py").write_text(
                "from kedro.pipeline import Pipeline\n\n\n"
                "def create_pipeline() -> Pipeline:\n    return Pipeline([])\n"
            )
    lab = package / "pipelines" / "lab"
    lab.mkdir(exist_ok=True)
    (lab / "nodes.py").write_text(textwrap.dedent(nodes))
    (lab / "__init__.py").write_text(
        "from kedro.pipeline import Pipeline, node\n\nfrom . import nodes as n\n\n\n"
        f"def create_pipeline() -> Pipeline:\n    return Pipeline({textwrap.dedent(pipeline)})\n"
    )
    entries = textwrap.dedent(catalog) or "{}"
    entries = textwrap.dedent(catalog) or "{}"
    (package / "catalogs" / "catalog.py").write_text(
        f"from kedro_datasets.json import JSONDataset\n\n"
        f"from ..tracking import MLflowDataSet\n\ncatalog_dict = {entries}\n"
    )


def configure_hooks(project: BakedProject, hooks: str) -> None:
    """Write the project's `mlflow_config.py` with other hooks, given as the source of a tuple."""
    names = ["Artifacts", "Basic", "Catalog", "EnvVars", "Git", "Time"]
    imports = ", ".join(f"MLflow{name}LoggerHook" for name in names)
    path = project.root / "src" / project.package / "mlflow" / "mlflow_config.py"
    path.write_text(
        f"from ..tracking import {imports}\n\nmlflow_hooks = {textwrap.dedent(hooks)}\n"
    )
