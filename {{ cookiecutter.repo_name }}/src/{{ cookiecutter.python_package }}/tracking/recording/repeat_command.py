"""The Kedro command that repeats a run, and the run params that were set."""

import json
import os
import re
import shlex
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ..program import is_run, run_command
from ..redact import redact_mapping, redact_text
from ..redact_shapes import MASK
from ..secret_names import looks_secret

_OPTIONS = {
    "env": "--env",
    "tags": "--tags",
    "node_names": "--nodes",
    "from_nodes": "--from-nodes",
    "to_nodes": "--to-nodes",
    "from_inputs": "--from-inputs",
    "to_outputs": "--to-outputs",
    "pipeline_names": "--pipelines",
    "namespaces": "--namespaces",
}
# Where Kedro takes `f([a,b]) -> [c]` for one name.
_KEEPS_BRACKETS = ("--nodes", "--from-nodes", "--to-nodes", "--namespaces")
# What Kedro does not tell a hook; of the command that started this process, if it is `kedro run`.
_UNTOLD = ("--async", "--runner-params")
_configuration = threading.local()  # Kedro makes a context in the thread that then runs it
# What Kedro reads from `--params=key=text` as this very text.
_PLAIN_TEXT = re.compile(r"(?!(?i:true|false|null|yes|no|on|off|y|n|nan|inf)$)[A-Za-z_/][\w./\-]*")


class _NoCommandError(ValueError):
    """No command line can say it; the text says what."""


def run_params_that_are_set(run_params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the run params that differ from their defaults, with secrets masked.

    The same filter is None through the API and `[]` through the command line.
    """
    names = [*_OPTIONS, "load_versions", "runtime_params", "only_missing_outputs", "runner"]
    chosen = {name: run_params.get(name) for name in names if run_params.get(name)}
    if "runner" in chosen:
        chosen["runner"] = runner_name(chosen["runner"])
    return redact_mapping(chosen)


def runner_name(runner: object) -> str:
    """Return the class name of a runner, which Kedro hands on as a repr with a memory address."""
    found = re.search(r"(\w+) object at 0x", str(runner))
    return found.group(1) if found else str(runner)


def note_configuration(source: str, project: Path, default: str) -> None:
    """Note where the configuration of the runs of this thread comes from.

    Args:
        source: a folder or an archive.
        project: the project's folder.
        default: where it comes from if nobody says so, relative to the project.
    """
    path = Path(source)
    if "://" not in source and path.is_relative_to(project):
        source = path.relative_to(project).as_posix()
    _configuration.source = None if source == default else source


def configuration_source() -> str | None:
    """Return what `note_configuration` noted in this thread; None for the project's own."""
    source: str | None = getattr(_configuration, "source", None)
    return source


def repeat_command(run_params: Mapping[str, Any]) -> str:
    """Return the command line that repeats a run, with secrets masked, or why there is none.

    It is made from what the run was told, not from how this process was started: a session in a
    notebook, a server or a node may run anything.
    """
    try:
        words = [*_arguments(run_params), *_untold_arguments(sys.argv)]
    except _NoCommandError as error:
        return redact_text(f"no command repeats this run: {error}")
    return shlex.join([*run_command(), *(_masked(word) for word in words)])


def _untold_arguments(argv: list[str]) -> Iterator[str]:
    """Yield the options of `kedro run`, `main.py` or the package that no run param tells of."""
    program, rest = Path(argv[0] if argv else "").stem, argv[1:]
    if program == "kedro" and "run" in rest and not rest[: rest.index("run")]:
        rest = rest[1:]
    elif not is_run(argv):
        return
    for number, word in enumerate(rest):
        option, mark, _ = word.partition("=")
        if option in _UNTOLD:
            has_next = not mark and option != "--async" and number + 1 < len(rest)
            yield f"{option}={rest[number + 1]}" if has_next else word


def _arguments(run_params: Mapping[str, Any]) -> Iterator[str]:
    for name, option in _OPTIONS.items():
        value = run_params.get(name)
        if name == "env":
            value = value or os.environ.get("KEDRO_ENV")
        elif name == "pipeline_names" and value and list(value) == ["__default__"]:
            continue
        if value:
            names = [value] if isinstance(value, str) else value
            yield f"{option}={','.join(_listable(one, option) for one in names)}"
    versions: Mapping[str, Any] = run_params.get("load_versions") or {}
    if versions:
        pairs = [f"{_listable(name, '--load-versions')}:{versions[name]}" for name in versions]
        yield f"--load-versions={','.join(pairs)}"
    params: Mapping[str, Any] = run_params.get("runtime_params") or {}
    if params:
        yield f"--params={','.join(f'{key}={_param(key, item)}' for key, item in _flat(params))}"
    if run_params.get("only_missing_outputs"):
        yield "--only-missing-outputs"
    source = configuration_source()
    if source:
        yield f"--conf-source={source}"
    runner = _runner_path(str(run_params.get("runner") or ""))
    if runner != "SequentialRunner":
        yield f"--runner={runner}"


def _listable(name: str, option: str) -> str:
    """Return a name as an item of a list on a command line.

    Raises:
        _NoCommandError: Kedro would take it for another name, or for several.
    """
    splits_at = re.sub(r"\[[^\[\]]*\]", "", name) if option in _KEEPS_BRACKETS else name
    is_odd = not name or name.strip() != name or name.count("[") != name.count("]")
    if is_odd or "," in splits_at or (option == "--load-versions" and ":" in name):
        raise _NoCommandError(f"the name {name!r} cannot stand in {option}")
    return name


def _flat(pairs: Mapping[Any, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    for key, value in pairs.items():
        if not isinstance(key, str) or not re.fullmatch(r"[\w\-]+", key):
            raise _NoCommandError(f"the key {key!r} cannot stand in --params")
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _param(key: str, value: Any) -> str:
    """Return a value as Kedro reads it from `--params`, which is YAML without commas."""
    if isinstance(value, str) and _PLAIN_TEXT.fullmatch(value):
        return value
    try:
        text = json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        text = ","
    if "," in text or "${" in text:
        raise _NoCommandError(f"the value of {key!r} cannot stand in --params")
    return text


def _runner_path(runner: str) -> str:
    """Return how `--runner` names a runner, which Kedro hands on as a repr with an address."""
    if runner in ("", "None"):
        return "SequentialRunner"
    found = re.fullmatch(r"<([\w.]+) object at 0x[0-9a-fA-F]+>", runner)
    path = found[1] if found else runner
    if not re.fullmatch(r"[\w.]+", path) or path.startswith("__main__."):
        raise _NoCommandError(f"its runner {runner} cannot be imported")
    return path.rpartition(".")[2] if path.startswith("kedro.runner.") else path


def _masked(word: str) -> str:
    """Mask the secrets in one word of a command line, say `--params=db.password=x,size=3`."""
    option, mark, value = word.partition("=") if word.startswith("--") else ("", "", word)
    pairs = [re.sub(r"^([\w.\-]+)([=:]).+", _mask_pair, pair) for pair in value.split(",")]
    return redact_text(f"{option}{mark}{','.join(pairs)}")


def _mask_pair(pair: "re.Match[str]") -> str:
    return f"{pair[1]}{pair[2]}{MASK}" if looks_secret(pair[1]) else pair[0]
