"""`mlflow_config.py`: the template's own, for a package whose layer lies beside it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from scripts.template_layer import TRACKING

NAME = "mlflow_config.py"
TEMPLATE = TRACKING.parent / "mlflow" / "mlflow_config.py"
_HOOK = re.compile(r"(    MLflowBasicLoggerHook\(\n).*?(    \),\n)", re.DOTALL)
# Files that only a project of the template has.
_LOGS = re.compile(r"        filepaths_after_pipeline_run=.*\n")
_PARAMETERS = re.compile(r"        filepaths_before_pipeline_run=.*\n")


def config_text(package: str, given: Mapping[str, object], parameters: Sequence[str]) -> str:
    """Return the text of mlflow_config.py.

    Args:
        package: the project's package.
        given: arguments of `MLflowBasicLoggerHook` that the project has already, by name.
        parameters: the project's files and folders of parameters.
    """
    text = TEMPLATE.read_text("utf8").replace("from ..tracking import", "from .tracking import")
    arguments: dict[str, object] = {
        "uri": "sqlite:///mlruns/sqlite.db",
        "experiment_name": package,
    }
    if "uri" not in given or str(given["uri"]).startswith("sqlite:///mlruns/"):
        arguments["artifact_location"] = f"./mlruns/{package}"
    arguments |= given
    lines = "".join(f"        {name}={_literal(value)},\n" for name, value in arguments.items())
    text = _HOOK.sub(lambda found: found[1] + lines + found[2], text)
    text = _LOGS.sub("", text)
    named = "".join(f"            {json.dumps(name)},\n" for name in parameters)
    listed = f"        filepaths_before_pipeline_run=[\n{named}        ],\n" if named else ""
    text = _PARAMETERS.sub(lambda _: listed, text)
    return text.replace("Hook(\n    ),", "Hook(),")


def _literal(value: object) -> str:
    """Return a value as ruff writes it."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)
