"""What is certain to fail a run after its nodes have worked is said before the first of them."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from kedro.io import DatasetError

from .. import env, wings
from ..datasets import needs
from ..datasets.kinds import MODEL
from ..datasets.mlflow_dataset import MLflowDataset
from ..datasets.written_files import is_remote
from ..journal import spilling
from ..kedro_internals import config_of, dataset_of, file_of, is_parameter, unwrapped
from ..logs import PlainLogger
from ..recording import runs
from ..redact import redact_text

logger = PlainLogger(__name__)

MAX_TOLD = 10


class RunRefusedError(DatasetError):
    """A run that could only fail, for a reason that its text tells with the remedy."""


class ExportRequiredError(DatasetError):
    """A run that is not in MLflow as it ends, where `export_required` asks for that."""


class _Fault(NamedTuple):
    text: str
    is_certain: bool


def refusal_of_run(
    run_params: dict[str, Any], pipeline: Any, catalog: Any
) -> list[RunRefusedError]:
    """Return why a run must be refused, for it can't load or save; warn where that is not certain.

    Only datasets that nodes of this run load or save are looked at. Nothing is imported, and
    nothing is made that stays.

    Returns:
        One error with each dataset's name, what is wrong, and the remedy; or nothing.
    """
    if run_params.get("only_missing_outputs"):
        return []  # what will run is not known yet
    certain = _faults_of_spill()
    recorder = getattr(catalog, runs.ATTRIBUTE, None)
    for name, fault in _faults(pipeline, catalog):
        text = f"{name!r} {fault.text}"
        if fault.is_certain:
            certain.append(text)
        elif recorder is not None:
            recorder.warn(f"{name}: {fault.text}", text)
        else:
            logger.warning("%s.", text)
    if not certain:
        return []
    more = [f"and {len(certain) - MAX_TOLD} more"] if len(certain) > MAX_TOLD else []
    return [RunRefusedError("No node was run: " + "; ".join([*certain[:MAX_TOLD], *more]) + ".")]


def _faults_of_spill() -> list[str]:
    """Return why nothing can be spilled, as far as that is seen before it is needed."""
    url = spilling.place()
    if url is None:
        return []
    told, fault = f"{env.SPILL}={redact_text(url)}", spilling.fault_of(url)
    if fault is not None:
        return [f"{told} {fault}"]
    missing = needs.missing_for_url(url) if wings.spillers() else [spilling.ROOM]
    return [f"{told} needs {one}" for one in missing]


def _faults(pipeline: Any, catalog: Any) -> Iterator[tuple[str, _Fault]]:
    saved = {name for node in pipeline.nodes for name in node.outputs}
    loaded = {name for node in pipeline.nodes for name in node.inputs}
    for name in sorted(saved | loaded):
        dataset = None if is_parameter(name) else dataset_of(catalog, name)
        if dataset is None:
            continue
        try:
            inner = unwrapped(dataset)
            is_loaded_file = name in loaded and (name not in saved or inner is dataset)
            if isinstance(inner, MLflowDataset):
                found = list(_of_mlflow(inner, name in loaded - saved, name in saved))
            else:
                found = list(_of_others(inner, is_loaded_file, name in saved))
        except Exception:  # a doubt is no reason to stop a run
            logger.debug("The dataset %r was not looked at.", name, exc_info=True)
            continue
        yield from ((name, fault) for fault in found)


def _of_mlflow(dataset: MLflowDataset, loads: bool, saves: bool) -> Iterator[_Fault]:
    file = dataset.file
    if file is None:
        return
    is_far = dataset.loading_run_id or dataset.model_uri
    if loads and is_far and needs.is_missing("mlflow"):
        yield _Fault(f"is loaded from MLflow and needs {needs.remedy('mlflow')}", True)
    for what in needs.missing_packages(file.kind.config, file.path, loads=loads, saves=saves):
        yield _Fault(f"needs {what}", True)
    if saves and _is_skops(dataset) and needs.is_missing("skops"):
        told = f"is not recorded as a model: skops needs {needs.remedy('skops')}"
        yield _Fault(told, False)
    if saves and not is_remote(file.path):
        one_file = file.kind.name is not None or needs.writes_one_file(file.kind.config["type"])
        yield from _of_path(file.path, file.is_written_in_place, bool(file.version), one_file)


def _of_others(dataset: Any, loads: bool, saves: bool) -> Iterator[_Fault]:
    path = file_of(dataset)
    if path is None:
        return
    one_file = needs.writes_one_file(type(dataset))
    config = {**config_of(dataset), "type": type(dataset)}
    for what in needs.missing_packages(config, None, loads=loads, saves=saves):
        yield _Fault(f"needs {what}", True)
    if saves and not is_remote(path):
        is_versioned = bool(getattr(dataset, "_version", None))
        yield from _of_path(path, True, is_versioned, one_file)


def _of_path(path: str, in_place: bool, versioned: bool, one_file: bool) -> Iterator[_Fault]:
    why = needs.why_not_writable(path, in_place=in_place, versioned=versioned, one_file=one_file)
    if why is not None:
        told = f"can't be saved: {why}; change that, or its `filepath` in the catalog"
        yield _Fault(told, one_file)


def _is_skops(dataset: MLflowDataset) -> bool:
    return dataset.kind == MODEL and dataset.model_options.serialization_format == "skops"
