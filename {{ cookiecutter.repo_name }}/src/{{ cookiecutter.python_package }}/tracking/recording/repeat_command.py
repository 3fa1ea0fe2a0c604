"""The Kedro command that repeats a run, and the run params that were set."""

import re
import shlex
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..redact import MASK, looks_secret, redact_mapping, redact_text

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


def repeat_command(run_params: Mapping[str, Any]) -> str:
    """Return the command line that repeats a run, with secrets masked."""
    if Path(sys.argv[0]).stem in ("kedro", "main", "__main__") and "--config" not in sys.argv:
        arguments = [word for word in sys.argv[1:] if word != "run"]
    else:
        arguments = _arguments(run_params)
    return shlex.join(["kedro", "run", *(_masked(word) for word in arguments)])


def _arguments(run_params: Mapping[str, Any]) -> list[str]:
    words = []
    for name, option in _OPTIONS.items():
        value = run_params.get(name)
        if value and not (name == "pipeline_names" and list(value) == ["__default__"]):
            joined = value if isinstance(value, str) else ",".join(value)
            words.append(f"{option}={joined}")
    for name, option in (("load_versions", "--load-versions"), ("runtime_params", "--params")):
        pairs: Mapping[str, Any] = run_params.get(name) or {}
        mark = ":" if name == "load_versions" else "="
        if pairs:
            words.append(f"{option}=" + ",".join(f"{k}{mark}{v}" for k, v in _flat(pairs)))
    if run_params.get("only_missing_outputs"):
        words.append("--only-missing-outputs")
    runner = runner_name(run_params.get("runner") or "")
    if runner and runner != "None" and runner != "SequentialRunner":
        words.append(f"--runner={runner}")
    return words


def _flat(pairs: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    for key, value in pairs.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _masked(word: str) -> str:
    """Mask the secrets in one word of a command line, say `--params=db.password=x,size=3`."""
    option, mark, value = word.partition("=") if word.startswith("--") else ("", "", word)
    pairs = [re.sub(r"^([\w.\-]+)([=:]).+", _mask_pair, pair) for pair in value.split(",")]
    return redact_text(f"{option}{mark}{','.join(pairs)}")


def _mask_pair(pair: "re.Match[str]") -> str:
    return f"{pair[1]}{pair[2]}{MASK}" if looks_secret(pair[1]) else pair[0]
