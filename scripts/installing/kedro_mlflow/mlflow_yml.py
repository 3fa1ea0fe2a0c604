"""What `mlflow.yml` of kedro-mlflow says, as arguments of the layer's hooks."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from scripts.installing.kedro_mlflow.conf_files import ConfFiles
from scripts.installing.kedro_mlflow.documents import Document, Node
from scripts.installing.kedro_mlflow.findings import Findings

_EXPERIMENT = "tracking.experiment"
_URI = "server.mlflow_tracking_uri"
_PIPELINES = "tracking.disable_tracking.pipelines"
# Key -> argument of MLflowBasicLoggerHook.
ARGUMENTS = {
    _URI: "uri",
    f"{_EXPERIMENT}.name": "experiment_name",
    f"{_EXPERIMENT}.create_experiment_kwargs.artifact_location": "artifact_location",
    "tracking.run.id": "run_id",
    "tracking.run.name": "run_name",
}
# Key -> the value that means what the layer does (None for any), and what to do about another.
_OTHERS: dict[str, tuple[tuple[str, ...] | None, str]] = {
    "server.mlflow_registry_uri": ((), "models are registered in the tracking store"),
    "server.credentials": (
        (),
        "set what stands below it in credentials.yml as environment variables, for MLflow",
    ),
    "server.request_header_provider.type": (
        (),
        "make the class a plugin of MLflow's: an entry point `mlflow.request_header_provider`",
    ),
    "server.request_header_provider.pass_context": (None, ""),
    "tracking.disable_tracking.disable_autologging": (
        ("true",),
        "add MLflowAutologHook to HOOKS to turn autologging on",
    ),
    f"{_EXPERIMENT}.restore_if_deleted": (None, ""),  # the layer says how, when it happens
    # Runs that nodes begin by hand; `nested` of our hook is another thing.
    "tracking.run.nested": (None, ""),
    "tracking.params.dict_params.flatten": (
        ("true",),
        "a dict of parameters becomes a param for each of its keys, with dots",
    ),
    "tracking.params.dict_params.recursive": (("true",), "dicts are flattened at all depths"),
    "tracking.params.dict_params.sep": ((".",), "names of params are joined by dots"),
    "tracking.params.long_params_strategy": (
        ("fail", "truncate"),
        "a param above 6000 characters is cut, and kept whole as an artifact",
    ),
    "ui.port": (("5000",), "say `kedro mlflow ui --port …`"),
    "ui.host": (("127.0.0.1", "localhost"), "say `kedro mlflow ui --host …`"),
}
_TAGS = f"{_EXPERIMENT}.create_experiment_kwargs.tags"
_LISTED = {
    _PIPELINES: "run {values} with KEDRO_MLFLOW_ENABLED=false in the environment",
    _TAGS: "tags of the experiment are set in MLflow, once",
    "server.request_header_provider.init_kwargs": "make the class a plugin of MLflow's",
}
_SKIPPED_WORDS = ("km.random_name",)


def config_of(
    documents: Sequence[Document], files: ConfFiles, package: str, findings: Findings
) -> dict[str, object]:
    """Return arguments of the layer's hooks, and note what has no counterpart.

    The base's values count; where it has no `mlflow.yml`, those of the environment that runs by
    default, which is where `kedro mlflow init` puts it.

    Args:
        documents: the `mlflow.yml` of all environments.
        files: names of the environments.
        package: name of the project's package, after which kedro-mlflow calls the experiment.
        findings: takes what has no counterpart.
    """
    names = [one.environment for one in documents]
    main = files.base if files.base in names else files.default
    leaves = {one.path: dict(_leaves(one, one.root)) for one in documents if one.root is not None}
    config: dict[str, object] = {}
    said: dict[str, str] = {}
    for document in documents:
        if document.environment == main:
            for key, node in leaves.get(document.path, {}).items():
                said[key] = _text(document, node)
                _translate(document, key, node, config, findings)
    if main in names and f"{_EXPERIMENT}.name" not in said:
        config["experiment_name"] = package
    for document in documents:
        if document.environment == main:
            continue
        for key, node in leaves.get(document.path, {}).items():
            if not _is_nothing(node) and _text(document, node) != said.get(key):
                _tell_of_environment(document, key, node, findings)
    return config


def _leaves(document: Document, node: Node | None, above: str = "") -> Iterator[tuple[str, Node]]:
    for item in document.items(node) if node is not None else []:
        key = f"{above}.{item.key.text}".lstrip(".")
        if item.hidden or item.value.kind == "scalar" and item.value.is_null:
            continue
        if item.value.kind == "map" and key not in _LISTED:
            yield from _leaves(document, item.value, key)
        else:
            yield key, item.value


def _text(document: Document, node: Node) -> str:
    return node.text if node.kind == "scalar" else document.source(node)


def _is_nothing(node: Node) -> bool:
    return node.kind != "scalar" and not node.parts


def _translate(
    document: Document, key: str, node: Node, config: dict[str, object], findings: Findings
) -> None:
    def tell(text: str) -> None:
        findings.add(document.path, node.line, f"{key}: {text}")

    if _is_nothing(node) or any(word in node.text for word in _SKIPPED_WORDS):
        return
    if key in ARGUMENTS:
        if node.is_computed or "{{" in node.text:
            tell(f"filled in when Kedro runs, so it is not translated; {_instead(key)}")
        elif key == _URI and (why := _why_no_uri(node.text)):
            tell(why)
        else:
            config[ARGUMENTS[key]] = node.text
    elif key in _LISTED:
        tell(_listed(key, node))
    elif key in _OTHERS:
        same, remedy = _OTHERS[key]
        if same is not None and node.text.lower() not in same:
            tell(f"has no counterpart; {remedy}")
    else:
        tell("has no counterpart")


def _instead(key: str) -> str:
    variables = {_URI: "MLFLOW_TRACKING_URI", f"{_EXPERIMENT}.name": "MLFLOW_EXPERIMENT_NAME"}
    variable = variables.get(key)
    in_file = f"write `{ARGUMENTS[key]}` in mlflow_config.py"
    return f"set {variable}, or {in_file}" if variable else in_file


def _why_no_uri(uri: str) -> str | None:
    """Return why a tracking URI can't be taken over; None if it can."""
    parts = urlsplit(uri)
    if uri in ("databricks", "databricks-uc", "uc"):
        return None
    if parts.password or parts.scheme in ("http", "https") and parts.username:
        return "has a login in it, which is written to no file; set MLFLOW_TRACKING_URI"
    if parts.scheme in ("", "file") or re.match(r"[A-Za-z]:[\\/]", uri):
        return (
            f"is a folder, which MLflow 3.17 opens no more by itself, so new runs go to an SQLite "
            f"file; {how_to_read(unquote(parts.path) if parts.scheme == 'file' else uri)}"
        )
    return None


def _tell_of_environment(document: Document, key: str, node: Node, findings: Findings) -> None:
    same, remedy = _OTHERS.get(key, ((), "mlflow_config.py is the same for all environments"))
    if same is None:
        return
    if key in ARGUMENTS:
        remedy = f"{_instead(key)} where it runs"
    elif key in _LISTED:
        remedy = _listed(key, node)
    text = f"{key}: the environment {document.environment!r} has a value of its own; {remedy}"
    findings.add(document.path, node.line, text)


def _listed(key: str, node: Node) -> str:
    parts = [part.text for part in node.parts] if key == _PIPELINES else []
    return _LISTED[key].format(values=", ".join(parts) or "these pipelines")


def how_to_read(folder: str) -> str:
    """Return how runs in a folder, which is no database, are looked at from MLflow 3.17 on."""
    folder = shlex.quote(folder)
    return (
        f"`MLFLOW_ALLOW_FILE_STORE=true mlflow ui --backend-store-uri {folder}` shows its runs; "
        f"`mlflow migrate-filestore --source {folder} --target sqlite:///old-runs.db` makes a copy "
        f"that opens without that variable"
    )


def old_store(root: Path) -> Path | None:
    """Return the folder in which kedro-mlflow keeps runs by default, if it holds any."""
    folder = root / "mlruns"
    return folder if next(folder.glob("*/meta.yaml"), None) is not None else None
