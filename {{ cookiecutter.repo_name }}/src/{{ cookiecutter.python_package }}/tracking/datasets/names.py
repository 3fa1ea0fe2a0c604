"""Names of artifacts that datasets of a run will need."""

from collections.abc import Iterable
from typing import Any

from ..kedro_internals import dataset_of
from ..recording.recorder import Recorder
from .mlflow_dataset import MLflowDataset


def reserve_names(recorder: Recorder, catalog: Any, names: Iterable[str]) -> None:
    """Keep the names of their artifacts for MLflow datasets, before anything else takes them.

    `loading_run_id` looks for an artifact by the dataset's name.

    Args:
        recorder: records the run.
        catalog: the run's catalog.
        names: names of the pipeline's datasets.
    """
    for name in sorted(names):
        dataset = dataset_of(catalog, name)
        if isinstance(dataset, MLflowDataset):
            dataset.reserve_name(recorder, name)
