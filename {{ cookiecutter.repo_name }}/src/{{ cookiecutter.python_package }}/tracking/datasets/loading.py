"""Loading from MLflow: the only place where a node's process imports it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

from kedro.io import DatasetError

from .. import env
from ..project import mlflow_yml, project_path, tracking_settings
from ..redact import masked_repr
from .entries import make_default_folder
from .held_folder import HeldFolder, hold
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
    from ..store.relocation import follow_move

    with _reaching():  # it is set up as it is imported
        from mlflow import MlflowClient

    if not tracking_uri:
        settings = tracking_settings()
        follow_move(settings, project_path())
        tracking_uri = settings.uri
    return MlflowClient(tracking_uri=tracking_uri)


@contextmanager
def _reaching() -> Iterator[None]:
    """Let MLflow reach the project's store while this lasts: patience, and credentials."""
    from ..store.client import LOADING, http_settings

    credentials = tracking_settings().credentials if mlflow_yml() is not None else {}
    with http_settings(**LOADING), env.added(credentials):
        yield


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
    with _reaching():
        if kind == MODEL:
            return load_model(client, uri, keep)
        run_id, _, name = uri.removeprefix("runs:/").partition("/")
        if kind in VALUES:
            return Loaded(load_value(client, run_id, name), uri)
        artifact = f"{name.replace('/', '_')}{file.extension}"
        value = _load_file(client, run_id, artifact, file, keep)
        return Loaded(value, f"runs:/{run_id}/{artifact}")


def _load_file(client: Any, run_id: str, artifact: str, file: FileKind, keep: bool) -> Any:
    kept = project_path() / CACHE / run_id / artifact if keep else None
    try:
        path, folder = _downloaded(partial(client.download_artifacts, run_id, artifact), kept)
    except Exception as error:
        raise DatasetError(
            f"cannot load {artifact!r} from run {run_id!r}: {_told(error)}"
        ) from error
    if folder is not None and file.is_parted:  # parts are loaded when they are asked for
        return hold(folder, file.at(str(path), is_copy=True).load())
    try:
        return file.at(str(path), is_copy=True).load()
    finally:
        if folder is not None:
            folder.remove()


def _downloaded(get: Callable[[str], str], kept: Path | None) -> tuple[Path, HeldFolder | None]:
    """Download a file or folder, unless it is kept already.

    Args:
        get: downloads it into a folder, and returns its path there.
        kept: where it is kept for the next load, as it does not change any more; None where it is
            not kept.

    Returns:
        Where it lies, and the folder that goes with it; None of what is kept.
    """
    if kept is not None:
        if kept.exists():
            return kept, None
        make_default_folder(kept)
        kept.parent.mkdir(parents=True, exist_ok=True)
    # Renamed when it is whole: a download that breaks off leaves nothing that looks like it.
    folder = HeldFolder(kept and kept.parent)
    try:
        path = Path(get(str(folder.path)))
        if kept is None:
            return path, folder
        with suppress(OSError):  # another process was faster
            path.replace(kept)
        if not kept.exists():  # the disk does not take it
            return path, folder
    except BaseException:
        folder.remove()
        raise
    folder.remove()
    return kept, None


def load_value(client: Any, run_id: str, name: str) -> Any:
    """Load a metric or param of a run as it was saved.

    Raises:
        DatasetError: the run has none of that name, or the store can't be asked.
    """
    from mlflow.exceptions import MlflowException

    try:
        return fetch(client, run_id, name)
    except KeyError as error:
        raise DatasetError(str(error.args[0])) from error
    except MlflowException as error:
        raise DatasetError(f"cannot load {name!r} from run {run_id!r}: {_told(error)}") from error


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
        raise DatasetError(f"cannot load the model {masked_repr(uri)}: {_told(error)}") from error


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

    kept = project_path() / CACHE / model_id
    if keep and kept.exists():
        return kept
    location = client.get_logged_model(model_id).artifact_location
    if location.startswith("file:") or "://" not in location:
        return Path(download_artifacts(artifact_uri=location))

    def get(place: str) -> str:
        uri = client.tracking_uri
        found: str = download_artifacts(artifact_uri=location, dst_path=place, tracking_uri=uri)
        return found

    path, folder = _downloaded(get, kept if keep else None)
    if folder is not None:  # a model may read its files later
        folder.stay()
    return path


def _way_for_mlflow(folder: Path) -> Path:
    """Return a path of a folder that MLflow's loaders find; they unquote a `%20` in any path."""
    absolute = folder.absolute()
    if unquote(str(absolute)) == str(absolute):
        return folder
    # It stays, for a model may read its files later. MLflow refuses a link that is the folder.
    place = HeldFolder()
    place.stay()
    link = place.path / "link"
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
