"""The values that a model of a pipeline holds, in the run's journal; in the nodes' processes."""

import sys
from collections.abc import Collection, Iterator, Mapping
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from ..datasets import own_files
from ..datasets.kinds import MODEL
from ..datasets.mlflow_dataset import MLflowDataset
from ..journal import snapshot
from ..journal.events import clean_key
from ..kedro_internals import dataset_of, project_package, unwrapped
from ..models.flavors import own_code
from ..models.sample import rows_of
from ..recording.recorder import Recorder
from ..redact import has_secrets
from .card import card_of
from .plan import PackingError, Plan

FLAVOR = "kedro_pipeline"
# In the journal's folder of a dataset's own files.
_FOLDER = "pipeline-model "
_SAMPLE = "sample of "
# Whose file in the journal is the pickled value itself.
_PICKLED = (MODEL, "pkl")
_LAYER = Path(__file__).resolve().parents[1]


def is_kept(recorder: Recorder, catalog: Any, name: str) -> bool:
    """Whether a value that a node of the run has saved lies in the journal already."""
    return _own_pickle(recorder, catalog, name) is not None


def is_ready(recorder: Recorder, catalog: Any, plan: Plan, made: Collection[str]) -> bool:
    """Whether all that a run gives to a model lies in the journal: its values, and a sample.

    Args:
        recorder: records the run.
        catalog: the run's catalog.
        plan: what the model is made of.
        made: the datasets that nodes of the run make, and that it needs.
    """
    if own_files.newest(recorder.places, f"{_FOLDER}{_SAMPLE}{plan.input}") is None:
        return False
    values = [one for one in plan.values.values() if one in made]
    return all(_kept(recorder, catalog, one) is not None for one in values)


def keep(recorder: Recorder, name: str, value: Any) -> Path:
    """Put a value into the run's journal.

    Raises:
        PackingError: it can't be pickled, or no disk takes it.
    """
    import cloudpickle  # type: ignore[import-untyped]

    def put(path: Path) -> None:
        with path.open("wb") as file:
            cloudpickle.dump(value, file)

    file_name = f"{clean_key(name).replace('/', '_')}.pkl"
    try:
        path = own_files.keep(recorder.places, f"{_FOLDER}{name}", file_name, put)
    except Exception as error:  # whatever a class of the user's own raises
        why = f"{type(error).__name__}: {error}".splitlines()[0]
        raise PackingError(f"{name!r} can't be packed: {why}") from error
    recorder.kept.append(str(recorder.places.relative(path)))
    return path


def keep_sample(recorder: Recorder, name: str, data: Any) -> Path | None:
    """Put a few rows of what a model is asked for into the journal; None if it has no rows."""
    found = own_files.newest(recorder.places, f"{_FOLDER}{_SAMPLE}{name}")
    if found is not None:
        return found
    shape = getattr(data, "shape", ())
    if not isinstance(shape, tuple) or not shape or not isinstance(shape[0], int) or not shape[0]:
        return None
    return keep(recorder, f"{_SAMPLE}{name}", rows_of(data))


def record(
    recorder: Recorder, plan: Plan, catalog: Any, name: str, options: Mapping[str, Any]
) -> None:
    """Record the model of a pipeline, which the exporter makes of what lies in the journal then.

    Args:
        recorder: records the run.
        plan: what it is made of.
        catalog: the run's catalog.
        name: its name in the run.
        options: how it is kept, as `ModelOptions.as_event` gives it.

    Raises:
        PackingError: something of it can't be packed.
    """
    import cloudpickle

    params = {one: dataset_of(catalog, one).load() for one in plan.params}
    for one, value in params.items():
        if has_secrets(one.removeprefix("params:"), value, recorder.secrets):
            raise PackingError(f"{one!r} holds a secret, which everybody would read in the model")
    values = {one: _value(recorder, catalog, of) for one, of in plan.values.items()}
    sample = _sample(recorder, catalog, plan.input)
    if sample is None:
        recorder.tell(f"model {name!r} gets no signature: {plan.input!r} has no rows to show")
    about = {"pipeline": plan.pipeline, "input": plan.input, "output": plan.output}
    try:
        content = cloudpickle.dumps({**about, "params": params})
    except Exception as error:  # whatever an object in a node raises
        why = f"{type(error).__name__}: {error}".splitlines()[0]
        raise PackingError(f"its nodes can't be packed: {why}") from error
    relative = recorder.places.relative
    code = [_take_code(recorder, place) for place in _own_code(plan).values()]
    file = snapshot.write(recorder.places, "pipeline.pkl", content)
    recorder.append(
        {
            **options,
            "e": "model",
            "n": name,
            "flavor": FLAVOR,
            "f": relative(file),
            "about": {
                "code": [relative(one) for one in code],
                "values": {one: relative(path) for one, path in values.items()},
                "sample": None if sample is None else relative(sample),
                "input": plan.input,
                "output": plan.output,
                "nodes": [node.name for node in plan.pipeline.nodes],
                "card": card_of(plan),
                "layer": __name__.rpartition(".pipeline_model.")[0],
            },
        }
    )


def _own_pickle(recorder: Recorder, catalog: Any, name: str) -> Path | None:
    dataset = unwrapped(dataset_of(catalog, name))
    if not isinstance(dataset, MLflowDataset) or dataset.file is None:
        return None
    if dataset.file.kind.name not in _PICKLED or dataset.file.is_fixed:
        return None
    return own_files.newest(recorder.places, str(dataset.dataset_name))


def _kept(recorder: Recorder, catalog: Any, name: str) -> Path | None:
    kept = own_files.newest(recorder.places, f"{_FOLDER}{name}")
    return kept or _own_pickle(recorder, catalog, name)


def _value(recorder: Recorder, catalog: Any, name: str) -> Path:
    kept = _kept(recorder, catalog, name)
    if kept is not None:
        return kept
    if name in recorder.undeclared:
        raise PackingError(f"{name!r} was not kept as its node saved it, and the log says why")
    if own_files.is_left_out(recorder.places, name):
        raise PackingError(f"{name!r} holds a secret, which everybody would read in the model")
    return keep(recorder, name, load(catalog, name))


def load(catalog: Any, name: str) -> Any:
    """Return what the catalog has of a dataset.

    Raises:
        PackingError: it has none, or it can't be loaded.
    """
    dataset = dataset_of(catalog, name)
    if dataset is None:
        raise PackingError(f"{name!r} was not saved in this run, and is in no catalog")
    try:
        return dataset.load()
    except Exception as error:  # each dataset has errors of its own
        raise PackingError(f"{name!r} can't be loaded: {error}") from error


def _sample(recorder: Recorder, catalog: Any, name: str) -> Path | None:
    found = own_files.newest(recorder.places, f"{_FOLDER}{_SAMPLE}{name}")
    if found is not None:
        return found
    return (
        None
        if dataset_of(catalog, name) is None
        else keep_sample(recorder, name, load(catalog, name))
    )


def _own_code(plan: Plan) -> dict[str, Path]:
    """Return the folders and files that nobody can install: the project's, and its nodes'."""
    found = own_code(set(_packages(plan)) - set(sys.stdlib_module_names))
    package = (project_package() or "").partition(".")[0]
    if package:
        folder = Path(next(iter(import_module(package).__path__)))
        found |= own_code(_beside(folder))
        found[package] = folder  # also where it is installed: no index has it
    return found


def _packages(plan: Plan) -> Iterator[str]:
    for node in plan.pipeline.nodes:
        func = node.func
        while isinstance(func, partial):
            func = func.func
        module = getattr(func, "__module__", None) or type(func).__module__
        package = module.partition(".")[0]
        if package not in ("__main__", "__mp_main__", "builtins"):
            yield package


def _beside(folder: Path) -> list[str]:
    """Return the packages that lie beside the project's, and are used by it."""
    tops = {name for name in [*sys.modules] if "." not in name}
    files = {name: getattr(sys.modules[name], "__file__", None) for name in tops}
    places = {name: Path(file) for name, file in files.items() if file}
    return [
        name
        for name, path in places.items()
        if folder.parent in (path.parent, path.parent.parent) and name != "__main__"
    ]


def _take_code(recorder: Recorder, source: Path) -> Path:
    # No node needs this layer, which is ten times the code of a project.
    return recorder.places.store(lambda folder: snapshot.take_code(source, folder, _LAYER))
