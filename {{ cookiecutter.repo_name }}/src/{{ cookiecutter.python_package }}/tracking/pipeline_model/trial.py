"""Tries a model of a pipeline, as a server would load it: a script in a process of its own.

Started with the file of a job; writes what it found beside it. It imports nothing of the layer, for
the model must do without.
"""

import ast
import importlib
import importlib.metadata
import importlib.util
import json
import pickle
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

# Of a wider frame all columns are required, and those that were not tried in this time.
_MAX_COLUMNS = 200
_SECONDS = 20.0
# Tools that make an environment, which nobody pins.
_TOOLS = {"pip", "setuptools", "wheel"}


def main(job_file: str) -> None:
    """Do one job."""
    job = json.loads(Path(job_file).read_text("utf8"))
    code = Path(job["place"], "code")
    found = _tried(job, code)
    found["requirements"] = _pins(code)
    found["knows_project"] = "kedro.framework.project" in sys.modules
    Path(job["found"]).write_text(json.dumps(found), encoding="utf-8")


def _tried(job: dict[str, Any], code: Path) -> dict[str, Any]:
    sys.path.insert(0, str(code))
    try:
        model = importlib.import_module(job["loader"]).PipelineModel(Path(job["place"], "data"))
        if job["sample"] is None:
            return {}
        packed = Path(job["sample"]).read_bytes()
        sample, answer = pickle.loads(packed), None  # noqa: S301  the run's own journal
        try:
            answer = model.predict(pickle.loads(packed))  # noqa: S301
        except Exception:
            sample = sample.dropna() if hasattr(sample, "dropna") else sample
            answer = model.predict(sample.copy())
    except Exception as error:  # whatever the project's own code raises
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        return {"error": _told(error), "missing": missing}
    try:
        described: dict[str, Any] = _module_at(job["describe"]).describe(sample, answer)
        _free_columns(described, model, sample, answer)
    except Exception as error:  # a frame of another library
        return {"unsigned": _told(error)}
    if not described["signature"]:
        return {**described, "unsigned": f"MLflow has no type for {type(sample).__name__}"}
    return described


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0]


def _free_columns(described: dict[str, Any], model: Any, sample: Any, answer: Any) -> None:
    """Let those columns be missing in a request without which nothing else of the answer changes.

    A file of rows to predict has more columns than the nodes take, and often the target.
    """
    signature = described.get("signature")
    if not signature or not hasattr(sample, "columns") or len(sample.columns) > _MAX_COLUMNS:
        return
    columns, free, until = json.loads(signature["inputs"]), list[str](), time.monotonic() + _SECONDS
    for column in columns:
        if time.monotonic() < until and _is_same(model, sample, answer, [*free, column["name"]]):
            free.append(column["name"])
            column["required"] = False
    if len(free) < len(columns):  # else the answer has nothing to do with the rows
        signature["inputs"] = json.dumps(columns)


def _is_same(model: Any, sample: Any, answer: Any, without: list[str]) -> bool:
    try:
        other = model.predict(sample.drop(columns=without))
        if not hasattr(answer, "columns"):
            same = answer.equals(other) if hasattr(answer, "equals") else (other == answer).all()
            return bool(same)
        left = [name for name in answer.columns if name not in without or name in other.columns]
        return bool(other[left].equals(answer[left]))
    except Exception:  # whatever a node says of a column that is not there
        return False


def _module_at(path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location("_described", path)
    if spec is None or spec.loader is None:
        raise ImportError(path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _pins(code: Path) -> list[str]:
    """Return what has been imported, and what the model's code may import yet, with versions."""
    loaded = [module for module in [*sys.modules.values()] if isinstance(module, ModuleType)]
    files = {Path(file) for one in loaded if (file := getattr(one, "__file__", None))}
    used = {name.partition(".")[0] for name in sys.modules}
    for file in files:
        if file.is_relative_to(code) and file.suffix == ".py":
            used.update(_imports(ast.parse(file.read_bytes())))
    own = {path.stem for path in code.iterdir()}
    owners = importlib.metadata.packages_distributions()
    names = set[str]()
    for name in used - own:
        found = owners.get(name, [])
        # Many share a namespace such as `google`.
        names.update(found if len(found) == 1 else _owning(found, files))
    names -= _TOOLS
    return [f"{name}=={importlib.metadata.version(name)}" for name in sorted(names, key=str.lower)]


def _owning(distributions: Iterable[str], loaded: set[Path]) -> Iterator[str]:
    """Yield those of which a file has been imported."""
    for name in distributions:
        found = importlib.metadata.distribution(name)
        if any(Path(str(found.locate_file(one))) in loaded for one in found.files or ()):
            yield name


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.module.partition(".")[0]


if __name__ == "__main__":
    # Python before 3.11 puts a script's own folder first.
    here = str(Path(__file__).parent)
    sys.path[:] = [path for path in sys.path if path != here]
    main(sys.argv[1])
