"""Writes a pickled scikit-learn model in MLflow's model format; runs in the exporter.

The same files as `mlflow.sklearn.save_model` makes, without importing scikit-learn and without
unpickling the model. Other libraries go through MLflow's own flavours, in `flavor_process.py`.
"""

import json
import platform
import shutil
import time
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

MODEL = "model.pkl"


def write(place: Path, pickle: Path, about: Mapping[str, Any], model_id: str, run_id: str) -> None:
    """Write a model folder.

    Args:
        place: the folder to make.
        pickle: the model, pickled with cloudpickle.
        about: what the node's process knows of it: `signature`, `example`, `requirements`, and
            `code`, absolute paths of folders and files of the project's own.
        model_id: id of the logged model.
        run_id: id of its run.
    """
    import yaml

    place.mkdir(parents=True)
    shutil.copyfile(pickle, place / MODEL)
    code = _copy_code(place / "code", about.get("code", ()))
    requirements = list(about.get("requirements", ()))
    pins = dict(line.split("==") for line in requirements)
    python = platform.python_version()
    content: dict[str, Any] = {
        "flavors": {
            "python_function": {
                "env": {"conda": "conda.yaml", "virtualenv": "python_env.yaml"},
                "loader_module": "mlflow.sklearn",
                "model_path": MODEL,
                "predict_fn": "predict",
                "python_version": python,
                **({"code": code} if code else {}),
            },
            "sklearn": {
                "code": code,
                "pickled_model": MODEL,
                "serialization_format": "cloudpickle",
                "sklearn_version": pins.get("scikit-learn"),
            },
        },
        "mlflow_version": pins.get("mlflow"),
        "model_id": model_id,
        "model_size_bytes": pickle.stat().st_size,
        "model_uuid": model_id,
        "run_id": run_id,
        "utc_time_created": time.strftime("%Y-%m-%d %H:%M:%S.000000", time.gmtime()),
    }
    if about.get("signature"):
        content["signature"] = about["signature"]
    if about.get("example"):
        content["saved_input_example_info"] = _write_example(place, about["example"])
    tools = [f"{name}=={_version(name)}" for name in ("pip", "setuptools", "wheel")]
    environment = {
        "python": python,
        "build_dependencies": [tool for tool in tools if not tool.endswith("None")],
        "dependencies": ["-r requirements.txt"],
    }
    conda = {
        "name": "mlflow-env",
        "channels": ["conda-forge"],
        "dependencies": [f"python={python}", "pip", {"pip": requirements}],
    }
    for name, text in (
        ("MLmodel", yaml.safe_dump(content)),
        ("python_env.yaml", yaml.safe_dump(environment, sort_keys=False)),
        ("conda.yaml", yaml.safe_dump(conda, sort_keys=False)),
        ("requirements.txt", "\n".join(requirements) + "\n"),
    ):
        (place / name).write_text(text, encoding="utf-8")


def _write_example(place: Path, example: Mapping[str, Any]) -> dict[str, str]:
    serving = json.dumps(example, indent=1)
    (place / "serving_input_example.json").write_text(serving, encoding="utf-8")
    is_frame = "dataframe_split" in example
    own = json.dumps(example["dataframe_split" if is_frame else "inputs"])
    (place / "input_example.json").write_text(own, encoding="utf-8")
    paths = {
        "artifact_path": "input_example.json",
        "serving_input_path": "serving_input_example.json",
    }
    if is_frame:
        return {**paths, "type": "dataframe", "pandas_orient": "split"}
    return {**paths, "type": "ndarray"}


def _copy_code(place: Path, sources: Iterable[str]) -> str | None:
    for source in map(Path, sources):
        if source.is_dir():
            shutil.copytree(source, place / source.name)
        else:
            place.mkdir(exist_ok=True)
            shutil.copyfile(source, place / source.name)
    return place.name if place.exists() else None


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
