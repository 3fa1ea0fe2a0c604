"""Saves a model with MLflow's own flavour for its library, in a process of its own.

Unpickling it imports the library, which neither the exporter nor the pipeline should wait for or
break of. Started as `python -m <package>.tracking.flavor_process JOB`.
"""

import importlib
import json
import logging
import pickle
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .. import env

TIMEOUT = 300.0


class FlavorError(Exception):
    """A model can't be saved as an MLflow model; its text says why."""


def save(
    place: Path, event: Mapping[str, Any], pickled: Path, model_id: str, run_id: str
) -> list[str]:
    """Save a model in MLflow's format, and return notes for the user.

    Args:
        place: the folder to make.
        event: the journal's `model` event.
        pickled: the pickled model in the journal.
        model_id: id of the logged model.
        run_id: id of its run.

    Raises:
        FlavorError: MLflow's flavour refuses it.
    """
    job = {**event, "place": str(place), "pickled": str(pickled), "id": model_id, "run": run_id}
    file = place.with_name("job.json")
    file.write_text(json.dumps(job), encoding="utf-8")
    command = [sys.executable, "-m", __name__, str(file)]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            check=False,
            env=env.for_child(__name__, __file__),
            text=True,
            timeout=TIMEOUT,
        )
    except subprocess.TimeoutExpired as error:
        raise FlavorError(f"saving it takes more than {TIMEOUT:.0f} s") from error
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise FlavorError(lines[-1])
    return list(json.loads(done.stdout.splitlines()[-1]))


def main(job_file: str) -> None:
    """Do one job, and print its notes as JSON."""
    job = json.loads(Path(job_file).read_text(encoding="utf-8"))
    logging.disable(logging.WARNING)
    model = pickle.loads(Path(job["pickled"]).read_bytes())  # noqa: S301  the run's own journal
    notes = _save(model, job)
    print(json.dumps(notes))


def _save(model: Any, job: Mapping[str, Any]) -> list[str]:
    from mlflow.models import Model, ModelSignature

    flavor = importlib.import_module(f"mlflow.{job['flavor']}")
    about = job["about"]
    arguments: dict[str, Any] = {
        "pip_requirements": about["requirements"],
        "code_paths": about["code"] or None,
        "mlflow_model": Model(model_uuid=job["id"], run_id=job["run"], model_id=job["id"]),
    }
    if about.get("signature"):
        arguments["signature"] = ModelSignature.from_dict(about["signature"])
    if about.get("example"):
        arguments["input_example"] = _example(about["example"])
    notes = []
    if job["flavor"] == "sklearn" and job.get("format") == "skops":
        types = _skops_types(model)
        if types is None:
            notes.append("saved with cloudpickle: skops takes no functions of one's own")
            arguments["serialization_format"] = "cloudpickle"
        else:
            arguments["skops_trusted_types"] = types
            arguments["serialization_format"] = "skops"
            arguments["pip_requirements"] = [*about["requirements"], _skops_pin()]
    if job["flavor"] == "pytorch":
        # MLflow's default, pt2, needs tensors that the model takes, and keeps a trace of one path
        # through the model; a pickle is what the run has of it anyway.
        arguments["serialization_format"] = "pickle"
    flavor.save_model(model, path=job["place"], **arguments)
    return notes


def _example(body: Mapping[str, Any]) -> Any:
    if "dataframe_split" in body:
        import pandas

        split = body["dataframe_split"]
        return pandas.DataFrame(split["data"], columns=split["columns"])
    import numpy

    return numpy.array(body["inputs"])


def _skops_types(model: Any) -> list[str] | None:
    """Return the types that loading must trust: those of this very model; None if skops can't."""
    skops: Any = importlib.import_module("skops.io")  # it has no type hints
    try:
        data = skops.dumps(model)
        types = list(skops.get_untrusted_types(data=data))
        skops.loads(data, trusted=types)
        return types
    except Exception:  # whatever a class of one's own does there
        return None


def _skops_pin() -> str:
    from importlib.metadata import version

    return f"skops=={version('skops')}"


if __name__ == "__main__":
    main(sys.argv[1])
