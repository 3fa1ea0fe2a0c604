"""What a model's folder holds besides the model: the project's own code, pins, an example."""

import json
import platform
import shutil
import time
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any


def copy_code(place: Path, sources: Iterable[str]) -> str | None:
    """Copy folders and files of the project's own into a model; None if there are none."""
    for source in map(Path, sources):
        if source.is_dir():
            shutil.copytree(source, place / source.name)
        else:
            place.mkdir(exist_ok=True)
            shutil.copyfile(source, place / source.name)
    return place.name if place.exists() else None


def pinned(name: str, sign: str = "==") -> str:
    """Return a requirement, with its version if it is installed."""
    try:
        return f"{name}{sign}{version(name)}"
    except PackageNotFoundError:
        return name


def environment_files(python: str, requirements: Sequence[str]) -> dict[str, str]:
    """Return the files that say what a model is loaded with, by their names.

    Args:
        python: the version of Python.
        requirements: packages with their versions, as pip takes them.
    """
    import yaml

    environment = {
        "python": python,
        "build_dependencies": [pinned(name) for name in ("pip", "setuptools", "wheel")],
        "dependencies": ["-r requirements.txt"],
    }
    conda = {
        "name": "mlflow-env",
        "channels": ["conda-forge"],
        "dependencies": [f"python={python}", pinned("pip", "<="), {"pip": list(requirements)}],
    }
    return {
        "python_env.yaml": yaml.safe_dump(environment, sort_keys=False),
        "conda.yaml": yaml.safe_dump(conda, sort_keys=False),
        "requirements.txt": "\n".join(requirements) + "\n",
    }


def describe_model(
    place: Path,
    flavors: Mapping[str, Any],
    about: Mapping[str, Any],
    ids: tuple[str, str],
    size: int,
) -> None:
    """Write what says how a folder is loaded as a model, and with what.

    Args:
        place: the folder.
        flavors: what `MLmodel` says of each flavour, `python_function` without its environment.
        about: `requirements`, `signature`, `example` and `metadata`; the last three may be missing.
        ids: of the logged model, and of its run.
        size: of the model itself, in bytes.
    """
    import yaml

    model_id, run_id = ids
    python, requirements = platform.python_version(), list(about.get("requirements", ()))
    own = {
        "env": {"conda": "conda.yaml", "virtualenv": "python_env.yaml"},
        "python_version": python,
    }
    content: dict[str, Any] = {
        "flavors": {**flavors, "python_function": {**flavors["python_function"], **own}},
        "mlflow_version": dict(line.split("==") for line in requirements).get("mlflow"),
        "model_id": model_id,
        "model_size_bytes": size,
        "model_uuid": model_id,
        "run_id": run_id,
        "utc_time_created": time.strftime("%Y-%m-%d %H:%M:%S.000000", time.gmtime()),
    }
    content |= {name: about[name] for name in ("metadata", "signature") if about.get(name)}
    if about.get("example"):
        content["saved_input_example_info"] = write_example(place, about["example"])
    files = {"MLmodel": yaml.safe_dump(content), **environment_files(python, requirements)}
    for name, text in files.items():
        (place / name).write_text(text, encoding="utf-8")


def write_example(place: Path, example: Mapping[str, Any]) -> dict[str, str]:
    """Write a model's input example as MLflow does; returns what `MLmodel` says of it.

    Args:
        place: the model's folder.
        example: what a server is sent, with `dataframe_split` or `inputs`.
    """
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
