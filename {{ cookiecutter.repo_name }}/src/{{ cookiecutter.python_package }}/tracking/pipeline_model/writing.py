"""Makes the folder of a model from what lies in a journal; in the exporter."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .. import env
from ..journal.places import JournalPlaces
from ..models import signature
from ..models.flavor_process import TIMEOUT, FlavorError
from ..models.flavors import requirements
from ..store.mlflow_internals import describe_pyfunc_model

_HERE = Path(__file__).resolve().parent
_LOADER = "kedro_pipeline_model"
_NOT_COPIED = shutil.ignore_patterns("__pycache__", "*.pyc")


def write(
    place: Path, event: Mapping[str, Any], places: JournalPlaces, model_id: str, run_id: str
) -> list[str]:
    """Make the folder of a model, and try it; returns notes for the user.

    Args:
        place: the folder to make.
        event: the journal's `model` event.
        places: the folders of the run's journal.
        model_id: id of the logged model.
        run_id: id of its run.

    Raises:
        FlavorError: it can't be loaded, or does not answer for its example.
    """
    about = event["about"]
    _put_files(place, event, places)
    found = _tried(place, about, places)
    module = str(about["layer"])
    misses_layer = str(found.get("missing") or "").startswith(module)
    if misses_layer or found["knows_project"]:  # then the project's package may ask for it
        _put_layer(place, module)
        found = _tried(place, about, places) if misses_layer else found
    if told := found.get("error"):
        raise FlavorError(f"it does not work by itself: {told}")
    pins = dict(line.split("==", 1) for line in [*requirements(()), *found["requirements"]])
    written = {
        "signature": found.get("signature"),
        "example": found.get("example"),
        "requirements": [f"{name}=={pins[name]}" for name in sorted(pins, key=str.lower)],
        "metadata": {"kedro": {name: about[name] for name in ("input", "output", "nodes")}},
    }
    describe_pyfunc_model(place, _LOADER, written, model_id, run_id)
    return [f"it gets no signature: {why}"] if (why := found.get("unsigned")) else []


def _put_files(place: Path, event: Mapping[str, Any], places: JournalPlaces) -> None:
    about, data, code = event["about"], place / "data", place / "code"
    for folder in (data, code):
        folder.mkdir(parents=True)
    shutil.copyfile(_HERE / "loader.py", code / f"{_LOADER}.py")
    for one in about["code"]:
        source = places.find(str(one))
        if source.is_dir():
            shutil.copytree(source, code / source.name, ignore=_NOT_COPIED)
        else:
            shutil.copyfile(source, code / source.name)
    shutil.copyfile(places.find(str(event["f"])), data / "pipeline.pkl")
    files = {}
    for number, (name, one) in enumerate(sorted(about["values"].items()), 1):
        source = places.find(str(one))
        files[name] = f"{number}-{source.name}"
        shutil.copyfile(source, data / files[name])
    (data / "values.json").write_text(json.dumps(files, indent=1), encoding="utf-8")


def _put_layer(place: Path, module: str) -> None:
    """Put this layer where the project's package has it."""
    folder = place.joinpath("code", *module.split("."))
    if not folder.exists():
        shutil.copytree(_HERE.parent, folder, ignore=_NOT_COPIED)


def _tried(place: Path, about: Mapping[str, Any], places: JournalPlaces) -> dict[str, Any]:
    sample = about.get("sample")
    job, found = place.with_name("job.json"), place.with_name("found.json")
    content = {
        "place": str(place),
        "found": str(found),
        "loader": _LOADER,
        "sample": None if sample is None else str(places.find(str(sample))),
        "describe": signature.__file__,
    }
    job.write_text(json.dumps(content), encoding="utf-8")
    try:
        done = subprocess.run(
            [sys.executable, str(_HERE / "trial.py"), str(job)],
            capture_output=True,
            check=False,
            cwd=place.parent,
            env=_environment(),
            text=True,
            timeout=TIMEOUT,
        )
    except subprocess.TimeoutExpired as error:
        raise FlavorError(f"trying it takes more than {TIMEOUT:.0f} s") from error
    if done.returncode != 0 or not found.exists():
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise FlavorError(f"it does not work by itself: {lines[-1]}")
    result: dict[str, Any] = json.loads(found.read_text("utf8"))
    return result


def _environment() -> dict[str, str]:
    """Return an environment in which the project's own folder is not imported from."""
    variables = env.for_child(__name__, __file__)
    own, *others = variables.pop("PYTHONPATH").split(os.pathsep)
    others = [path for path in others if path != own]
    if others:
        variables["PYTHONPATH"] = os.pathsep.join(others)
    return {**variables, env.ENABLED: "false", "PYTHONDONTWRITEBYTECODE": "1"}
