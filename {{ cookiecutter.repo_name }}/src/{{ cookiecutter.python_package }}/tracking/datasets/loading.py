"""Loading from MLflow: the only place where a node's process imports it."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

from kedro.io import DatasetError

from ..project import project_path, tracking_settings
from .entries import make_default_folder
from .kinds import MODEL, VALUES, FileKind
from .values import fetch

CACHE = Path("data/mlflow/.downloads")  # in the project


class Loaded(NamedTuple):
    """A value from MLflow and what it is: no alias in its URI, and of a model its id as digest."""

    value: Any
    uri: str
    digest: str | None = None
    told: str = ""


def client_of(tracking_uri: str | None) -> Any:
    """Return an `MlflowClient` on a store; by default the project's own."""
    from ..store.client import LOADING, http_settings
    from ..store.relocation import follow_move

    with http_settings(**LOADING):  # it is set up as it is imported
        from mlflow import MlflowClient

    if not tracking_uri:
        settings = tracking_settings()
        follow_move(settings, project_path())
        tracking_uri = settings.uri
    return MlflowClient(tracking_uri=tracking_uri)


@contextmanager
def downloaded_file(client: Any, run_id: str, artifact: str, keep: bool) -> Iterator[Path]:
    """Yield the path of a run's artifact on this machine.

    Args:
        client: an `MlflowClient`.
        run_id: the run.
        artifact: path of the artifact inside the run.
        keep: keep the file in `data/mlflow/.downloads` for the next load. An artifact of a run
            that has ended does not change.

    Raises:
        DatasetError: there is no such run, or no such artifact in it.
    """
    kept = project_path() / CACHE / run_id / artifact
    if keep and kept.exists():
        yield kept
        return
    if keep:
        make_default_folder(kept.parent)
        kept.parent.mkdir(parents=True, exist_ok=True)
    # Renamed when it is whole: a download that breaks off leaves nothing that looks like it.
    near = kept.parent if keep else None
    with tempfile.TemporaryDirectory(dir=near, prefix=".half-") as folder:
        try:
            path = Path(client.download_artifacts(run_id, artifact, folder))
        except Exception as error:
            raise DatasetError(
                f"cannot load {artifact!r} from run {run_id!r}: {_told(error)}"
            ) from error
        if keep:
            with suppress(OSError):  # another process was faster
                path.replace(kept)
        yield kept if keep and kept.exists() else path


def load(client: Any, uri: str, kind: str | None, file: FileKind, keep: bool) -> Loaded:
    """Load what a dataset saved, or a model.

    Args:
        client: an `MlflowClient`.
        uri: `runs:/<run id>/<name>`; of a model also as `load_model` has it.
        kind: the dataset's kind, if it is given by a text.
        file: what reads its file.
        keep: keep its files in `data/mlflow/.downloads` for the next load.

    Raises:
        DatasetError: there is no such thing, or it can't be loaded.
    """
    from ..store.client import LOADING, http_settings

    with http_settings(**LOADING):
        if kind == MODEL:
            return load_model(client, uri, keep)
        run_id, _, name = uri.removeprefix("runs:/").partition("/")
        if kind in VALUES:
            return Loaded(load_value(client, run_id, name), uri)
        artifact = f"{name.replace('/', '_')}{file.extension}"
        # Partitions are loaded when they are asked for, so they have to stay.
        with downloaded_file(client, run_id, artifact, keep or file.is_parted) as path:
            return Loaded(file.at(str(path), is_copy=True).load(), f"runs:/{run_id}/{artifact}")


def load_value(client: Any, run_id: str, name: str) -> Any:
    """Load a metric or param of a run as it was saved.

    Raises:
        DatasetError: the run has none of that name.
    """
    try:
        return fetch(client, run_id, name)
    except KeyError as error:
        raise DatasetError(str(error.args[0])) from error


def load_model(client: Any, uri: str, keep: bool) -> Loaded:
    """Load a model as its own library has it, and say which one it is.

    Args:
        client: an `MlflowClient`.
        uri: `models:/<name>@<alias>`, `models:/<name>/<version>`, `models:/<name>/latest`,
            `models:/<model id>` or `runs:/<run id>/<name>`.
        keep: keep its files in `data/mlflow/.downloads` for the next load.

    Raises:
        DatasetError: there is no such model, or it can't be loaded.
    """
    from mlflow.exceptions import MlflowException

    try:
        model_id, found, told = _find_model(client, uri)
        return Loaded(_load_native(_model_folder(client, model_id, keep)), found, model_id, told)
    except (MlflowException, OSError, LookupError, ImportError) as error:
        raise DatasetError(f"cannot load the model {uri!r}: {_told(error)}") from error


def _told(error: Exception) -> str:
    from ..store.reasons import plain

    return plain(error)


def _find_model(client: Any, uri: str) -> tuple[str, str, str]:
    """Return a model's id, its URI with the version that an alias stands for, and words for it."""
    scheme, _, rest = uri.partition(":/")
    rest = rest.strip("/")
    if scheme == "runs":
        run_id, _, name = rest.partition("/")
        outputs = client.get_run(run_id).outputs
        made = outputs.model_outputs if outputs is not None else []
        models = [client.get_logged_model(output.model_id) for output in made]
        fitting = [model for model in models if model.name == name]
        if not fitting:
            known = ", ".join(sorted(repr(model.name) for model in models)) or "none"
            raise LookupError(f"run {run_id} has no model {name!r}; it has {known}.")
        return fitting[-1].model_id, uri, f"{name} of run {run_id}"
    if scheme != "models" or not rest:
        raise LookupError(
            "a model's URI is models:/<name>@<alias>, models:/<name>/<version or latest>, "
            "models:/<model id> or runs:/<run id>/<name>."
        )
    name, _, alias = rest.partition("@")
    if alias:
        version = client.get_model_version_by_alias(name, alias)
    elif "/" in rest:
        name, _, number = rest.rpartition("/")
        is_latest = number == "latest"
        version = _latest(client, name) if is_latest else client.get_model_version(name, number)
    else:
        return rest, uri, rest
    told = f"version {version.version} of {name}"
    model_id = version.model_id or str(version.source).removeprefix("models:/")
    return model_id, f"models:/{name}/{version.version}", told


def _latest(client: Any, name: str) -> Any:
    from ..store.filters import quoted

    newest = ["version_number DESC"]
    found = client.search_model_versions(f"name={quoted(name)}", max_results=1, order_by=newest)
    if not found:
        raise LookupError(f"no version of {name!r} is registered.")
    return found[0]


def _model_folder(client: Any, model_id: str, keep: bool) -> Path:
    from mlflow.artifacts import download_artifacts

    cache = project_path() / CACHE
    kept = cache / model_id
    if keep and (kept / "MLmodel").exists():
        return kept
    location = client.get_logged_model(model_id).artifact_location
    if location.startswith("file:") or "://" not in location:
        return Path(download_artifacts(artifact_uri=location))
    make_default_folder(cache)
    cache.mkdir(parents=True, exist_ok=True)
    uri = client.tracking_uri
    # Renamed when it is whole: a download that breaks off leaves nothing that looks like a model.
    with tempfile.TemporaryDirectory(dir=cache, prefix=".half-") as folder:
        path = Path(download_artifacts(artifact_uri=location, dst_path=folder, tracking_uri=uri))
        if keep:
            shutil.rmtree(kept, ignore_errors=True)
            path.rename(kept)
            return kept
        target = Path(tempfile.mkdtemp(prefix="mlflow-model-"))
        return Path(shutil.copytree(path, target, dirs_exist_ok=True))


def _way_for_mlflow(folder: Path) -> Path:
    """Return a path of a folder that MLflow's loaders find; they unquote a `%20` in any path."""
    absolute = folder.absolute()
    if unquote(str(absolute)) == str(absolute):
        return folder
    # It stays, for a model may read its files later. MLflow refuses a link that is the folder.
    link = Path(tempfile.mkdtemp(prefix="mlflow-model-")) / "link"
    link.symlink_to(absolute.parent, target_is_directory=True)
    return link / absolute.name


def _load_native(folder: Path) -> Any:
    from mlflow.models import Model

    folder = _way_for_mlflow(folder)
    flavors = Model.load(str(folder)).flavors
    loader = flavors.get("python_function", {}).get("loader_module")
    if loader is None or loader == "mlflow.pyfunc.model":
        from mlflow.pyfunc import load_model as load_pyfunc

        return load_pyfunc(str(folder))
    return import_module(loader).load_model(str(folder))
