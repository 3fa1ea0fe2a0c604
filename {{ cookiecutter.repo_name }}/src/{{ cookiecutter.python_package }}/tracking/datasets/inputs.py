"""Which data a run was given: what of it is known at once, and what its store is asked."""

from collections.abc import Iterable, Mapping
from functools import partial
from numbers import Integral
from typing import Any

from ..kedro_datasets_internals import (
    Query,
    folder_of,
    is_parted,
    part_names,
    query_of,
    text_of_query,
)
from ..kedro_internals import dataset_of, file_of, loaded_file_of, loaded_version_of, unwrapped
from ..models.signature import columns_of
from ..recording.inputs import Question
from ..recording.recorder import Recorder
from .databases import Source, digest_of, place_of, source_of, text_hash
from .mlflow_dataset import MLflowDataset
from .object_states import state_of
from .parts import states_of_parts
from .written_files import is_remote


def places_of_inputs(catalog: Any, names: Iterable[str]) -> dict[str, str]:
    """Return where each dataset lies that loads a file, a folder of partitions, or a database."""
    datasets = {name: unwrapped(dataset_of(catalog, name)) for name in names}
    found = {name: _place_of(dataset) for name, dataset in datasets.items()}
    return {name: place for name, place in found.items() if place is not None}


def free_inputs(inputs: Iterable[str], run_params: Mapping[str, Any]) -> frozenset[str]:
    """Return the inputs of a part that are inputs of the whole run: no other part makes them.

    Args:
        inputs: those of the nodes that the part runs.
        run_params: of Kedro, with the names of the whole pipelines.
    """
    from kedro.framework.project import pipelines

    names = run_params.get("pipeline_names") or ["__default__"]
    whole = [pipelines[name] for name in names if name in pipelines]
    made = {name.partition("@")[0] for one in whole for name in one.all_outputs()}
    return frozenset(name for name in inputs if name.partition("@")[0] not in made)


def _place_of(dataset: Any) -> str | None:
    if (query := query_of(dataset)) is not None:
        return place_of(query.con)
    path = file_of(dataset)
    # To find a version far away takes a request, which the load makes and not the run's begin.
    return path if path and is_remote(path) else loaded_file_of(dataset) or folder_of(dataset)


def log_input(recorder: Recorder, dataset: Any, name: str, data: Any) -> None:
    """Record what a dataset has loaded for a node; once a run and process.

    Args:
        recorder: records the run.
        dataset: the dataset.
        name: its name in the catalog.
        data: what it loaded.
    """
    source, dataset = recorder.inputs.pop(name), unwrapped(dataset)
    shape = getattr(data, "shape", None)
    first = shape[0] if isinstance(shape, tuple) and shape else None
    rows = int(first) if isinstance(first, Integral) else None  # Dask would compute how many
    columns = columns_of(data)
    if isinstance(dataset, MLflowDataset):
        if dataset.source is not None:  # no file of the project's
            recorder.log_input(name, dataset.source[0], rows, columns, dataset.source[1])
            return
        if dataset.file is not None:
            dataset = dataset.file.dataset()
    if (query := query_of(dataset)) is not None:
        _log_query(recorder, dataset, name, query, rows, columns)
        return
    version = loaded_version_of(dataset)
    if version is not None:
        recorder.set_tag(f"kedro.load_version.{name}", version)
        source = loaded_file_of(dataset) or source
    recorder.log_input(
        name,
        source,
        rows,
        columns,
        parts=part_names(dataset, data),
        version=version,
        question=_question(dataset, source, data),
    )


def _question(dataset: Any, source: str, data: Any) -> Question | None:
    if not is_remote(source):
        return None
    if is_parted(dataset):
        is_told = isinstance(data, Mapping)
        return partial(states_of_parts, dataset, data) if is_told else None
    return partial(state_of, dataset, source)


def _log_query(
    recorder: Recorder, dataset: Any, name: str, query: Query, rows: int | None, columns: Any
) -> None:
    source = source_of(query, recorder.secrets)
    if query.table is not None or query.text is not None:
        digest = digest_of(source, rows, columns)
        recorder.log_input(name, source.uri, rows, columns, digest, about=source.about)
        return

    def read() -> dict[str, Any]:
        about = {"query_sha256": text_hash(text_of_query(dataset))}
        return {"about": about, "digest": digest_of(Source(source.uri, about), rows, columns)}

    recorder.log_input(name, source.uri, rows, columns, about=source.about, question=read)
