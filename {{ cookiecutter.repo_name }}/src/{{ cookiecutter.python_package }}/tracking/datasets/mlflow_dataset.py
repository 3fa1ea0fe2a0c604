"""`MLflowDataSet`: a catalog entry whose value goes to MLflow when a node saves it."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Literal

from kedro.io import AbstractDataset, DatasetError, MemoryDataset, Version

from ..arguments import named_options
from ..kedro_internals import hold, takes_versions, value_in
from ..models.options import ModelOptions
from ..models.record import record_model
from ..recording.recorder import Recorder
from ..redact import has_secrets, masked_repr
from . import by_hand, own_files, parts, round_trip
from .additions import note_addition, recorded_at_end
from .catalog_entry import CatalogEntry
from .dataset_file import DatasetFile
from .destination import Destination
from .kinds import ELSEWHERE, MODEL, VALUES, FileKind, copy_mode_of_kind
from .resuming import may_resume
from .values import record
from .written_files import is_remote


@named_options
class MLflowDataset(CatalogEntry):
    """Records a value in MLflow when it is saved, and loads it again.

    The run's own file is what the same run loads; `filepath` holds what the last run saved, and is
    loaded where a run is asked to resume (`kedro run --from-inputs model`).

    Args:
        dataset: `"m"` a metric (a mapping: several, a sequence: a history); `"p"` a param (a
            mapping is flattened); `"a"` by the value's type; `"model"` an MLflow model,
            and its pickle as an artifact; an extension, say `"pkl"`, `"csv"` or `"html"`: a file,
            recorded as an artifact; a Kedro dataset or its configuration: through it, and its
            file as an artifact; None: kept in memory only.
        filepath: the file; `data/mlflow/<name>.<extension>` by default.
        dataset_name: name of the metric, param or artifact; the catalog's name by default.
        saving_tracking_uri: another tracking store to save to.
        saving_experiment_name: another experiment to save to, in a run of its own.
        saving_run_id: another run to save to.
        loading_tracking_uri: the tracking store of `loading_run_id`.
        loading_run_id: load from this MLflow run instead of the run's own value.
        caching: keep the value in memory, so that the same process loads it without a file.
        copy_mode: how a kept value is handed out: `deepcopy`, `copy` or `assign`; by default a
            picture is assigned, and others by their type, as with `kedro.io.MemoryDataset`.
        file_caching: keep files downloaded from `loading_run_id` for the next load.
        registered_model_name: of a model, the registered model that gets it as a new version.
        alias: of a registered model, the alias that moves to the new version, say `champion`, once
            the run has finished.
        promote_if: moves the alias only if a metric of the run is better than that of the run
            behind the alias: `{"metric": "score", "greater_is_better": True}`; with
            `"same_params": ["target"]` never where these params of the two differ.
        model_uri: load this model instead of the run's own, say `models:/iris@champion`.
        version: of a versioned file, which one is loaded and saved; Kedro gives it to an entry with
            `versioned: true`, and `kedro run --load-versions` chooses it.
        serialization_format: of a scikit-learn model, `"cloudpickle"` or `"skops"`. Loading a
            pickle runs code, so load models of people you trust; skops loads only the types that
            the model's own file names, takes no functions of one's own, and takes longer.
        credentials: of the file's place; Kedro finds them by their name in `credentials.yml`.
        metadata: for plugins, say `{"kedro-viz": {"layer": "raw"}}`; by default that of a Kedro
            dataset in `dataset`.

    Raises:
        ValueError: an unknown kind, with the nearest right one, or options that do not go together.

    Example:
        >>> catalog_dict = {"model": MLflowDataSet("pkl"), "score": MLflowDataSet("m")}
    """

    _elsewhere = ELSEWHERE

    def __init__(  # noqa: PLR0913  the contract
        self,
        dataset: str | Mapping[str, Any] | AbstractDataset[Any, Any] | None = None,
        filepath: str | None = None,
        dataset_name: str | None = None,
        saving_tracking_uri: str | None = None,
        saving_experiment_name: str | None = None,
        saving_run_id: str | None = None,
        loading_tracking_uri: str | None = None,
        loading_run_id: str | None = None,
        caching: bool = True,
        copy_mode: Literal["deepcopy", "copy", "assign"] | None = None,
        file_caching: bool = True,
        registered_model_name: str | None = None,
        alias: str | None = None,
        promote_if: Mapping[str, Any] | None = None,
        model_uri: str | None = None,
        serialization_format: Literal["cloudpickle", "skops"] = "cloudpickle",
        version: Version | None = None,
        credentials: Mapping[str, Any] | str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        self.kind = dataset if isinstance(dataset, str) else None
        self.file: DatasetFile | None = None
        if dataset is not None:
            kind = FileKind(MODEL if self.kind in VALUES else dataset, credentials)
            self.file = DatasetFile(kind, filepath, dataset_name, version)
        self.metadata = metadata or (self.file.kind.metadata if self.file else None)
        if copy_mode not in (None, "deepcopy", "copy", "assign"):
            told = masked_repr(copy_mode)
            raise ValueError(f"copy_mode is {told}; use 'deepcopy', 'copy' or 'assign'.")
        self._destination = Destination(saving_tracking_uri, saving_experiment_name, saving_run_id)
        self.dataset_name = dataset_name
        self._catalog_name = dataset_name or ""
        self._version = self.file and self.file.version
        self.loading_tracking_uri = loading_tracking_uri
        self.loading_run_id = loading_run_id
        self.file_caching = file_caching
        self.model_uri = model_uri
        self.model_options = ModelOptions(
            registered_model_name, alias, promote_if, serialization_format
        )
        if self.kind != MODEL and (model_uri or self.model_options != ModelOptions()):
            raise ValueError(
                f"registered_model_name, alias, promote_if, model_uri and serialization_format go "
                f'with dataset="model", not with dataset={masked_repr(dataset)}.'
            )
        self.recorder: Recorder | None = None
        self._is_loaded = True
        # URI and digest of what was loaded from MLflow.
        self.source: tuple[str, str | None] | None = None
        self._copy_mode: Any = copy_mode or copy_mode_of_kind(self.kind)
        # Of partitions a node is given functions that load them, whoever saved them.
        is_kept = dataset is None or (caching and not (self.file and self.file.kind.is_parted))
        self._cache = MemoryDataset(copy_mode=self._copy_mode) if is_kept else None
        # A worker process could not hand a value in memory to the others.
        self._SINGLE_PROCESS = dataset is None

    def reserve_name(self, recorder: Recorder, catalog_name: str) -> None:
        """Keep the name of its artifact for it, where it is later loaded from by that name."""
        if self.file is not None and self.kind not in VALUES and self._destination.is_own:
            self.file.name = self.dataset_name or catalog_name
            recorder.reserve(self.file.artifact_name, self.file.origin)

    def connect(self, recorder: Recorder, catalog_name: str, is_loaded: bool = True) -> None:
        """Tell the dataset which run it belongs to, its name, and whether a node loads it."""
        self.recorder = recorder
        self._is_loaded = is_loaded
        self.dataset_name = self.dataset_name or catalog_name
        self._catalog_name = catalog_name
        if self.file is not None:
            self.file.name = self.dataset_name
        self._destination.announce(recorder)

    def save(self, data: Any) -> None:
        """Write the file, record the value, and keep it in memory where `caching` says so."""
        if self.file is not None:
            self.file.save(data, partial(self._record, data))
            if self.file.is_fixed:
                self._release()
                if self.recorder is not None:
                    note_addition(self._destination.recorder(self.recorder), self.file)
                return
        if self._cache is not None:
            self._cache.save(data)

    def load(self) -> Any:
        """Return the value of this run, of `loading_run_id`, or, on resuming, of the last run."""
        if self._cache is not None and self._cache.exists():
            return self._cache.load()
        if self.file is None:
            raise DatasetError(
                f"{self.dataset_name!r} is kept in memory only, and was not saved yet."
            )
        is_far = self.loading_run_id or self.model_uri
        value = self._load_from_mlflow() if is_far else self._load_file()
        if self._cache is not None:
            self._cache.save(value)
        return value

    @property
    def is_handed_on(self) -> bool:
        """Whether a node elsewhere is given what this run saves, and not what lies elsewhere."""
        is_far = self.loading_run_id or self.model_uri
        return not is_far and (self.file is None or not self.file.loads_by_itself)

    def hand_on(self) -> Any:
        """Return what was saved, for a node in another process; see `take`.

        Raises:
            DatasetError: nothing was saved.
        """
        kept = self._cache is not None and self._cache.exists()
        return value_in(self._cache) if kept else self.load()

    def take(self, value: Any) -> None:
        """Hold what another process of this run has saved, for its file may lie on another disk."""
        self._cache = MemoryDataset(copy_mode=self._copy_mode)
        hold(self._cache, value)

    def _record(self, data: Any, put: Callable[[Path], None]) -> None:
        assert self.file is not None
        if self.recorder is None:
            say = partial(self._record, data, put)
            by_hand.record(self, self.file.path, self._destination, say)
            return
        recorder = self._destination.recorder(self.recorder)
        name = str(self.dataset_name)
        round_trip.tell_of_lost_index(self.recorder, name, self.file.kind, data)
        own = self._keep_own(data, put)
        if self.kind in VALUES:
            record(recorder, str(self.kind), name, data)
        elif self.kind == MODEL and own is not None:
            sample = self.recorder.samples.pop(self._catalog_name, None)
            options = self.model_options.as_event()
            owned = recorder is self.recorder
            record_model(recorder, name, data, own, owned, sample, options, self.file.origin)
        elif own is not None:
            owned = recorder is self.recorder
            recorder.log_artifact(own, owned=owned, is_data=True, origin=self.file.origin)

    def _keep_own(self, data: Any, put: Callable[[Path], None]) -> Path | None:
        """Put a file into the run's journal, which is where this run loads it from."""
        assert self.recorder is not None
        assert self.file is not None
        name = str(self.dataset_name)
        file_name = self.file.artifact_name
        put_value = None
        if self._is_loaded and self._cache is not None and not self.file.is_fixed:
            put_value = round_trip.value_for_others(self.file.kind, data)
        try:
            if self.kind in VALUES and has_secrets(name, data, self.recorder.secrets):
                own_files.leave_out(self.recorder.places, name)
                return None
            return own_files.keep(self.recorder.places, name, file_name, put, put_value)
        except (OSError, ValueError) as error:
            self.recorder.warn(file_name, f"{file_name!r} is not recorded: {error}")
            return None

    def record_at_end(self) -> Callable[[], None] | None:
        """Return what records a file that the run adds to when the run ends; None for others."""
        keep = partial(self._record, None)
        return None if self.file is None else recorded_at_end(self.file, keep)

    def _load_file(self) -> Any:
        assert self.file is not None
        if self.file.is_fixed:
            return self.file.dataset().load()
        if self.recorder is not None and (own := self._own_file()) is not None:
            value = own_files.value_beside(own) if self._cache is not None else None
            if value is not None:
                return round_trip.load_value(value)
            if self.file.kind.is_parted and not self.file.kind.overwrites:
                return parts.load_saved(self.file, self.recorder.places)
            return self.file.kind.at(str(own), is_copy=True).load()
        if not may_resume(self.recorder, str(self.dataset_name), self._catalog_name, self.file):
            raise DatasetError(
                f"{self.dataset_name!r} was not saved in this run, and the run was not asked to "
                f"resume from it; use `kedro run --from-inputs {self._catalog_name}`."
            )
        path = self.file.path
        if not is_remote(path) and not Path(path).exists():
            raise DatasetError(
                f"{self.dataset_name!r} was never saved: there is no {path}. Run the pipeline that "
                f"makes it, or name a run with `loading_run_id`."
            )
        return self.file.dataset().load()

    def _load_from_mlflow(self) -> Any:
        from . import loading

        assert self.file is not None
        uri = self.model_uri or f"runs:/{self.loading_run_id}/{self.dataset_name}"
        client = loading.client_of(self.loading_tracking_uri)
        found = loading.load(client, uri, self.kind, self.file.kind, self.file_caching)
        self.source = (found.uri, found.digest)
        if self.recorder is not None and self.kind == MODEL:
            self.recorder.set_tag(f"kedro.loaded_model.{self._catalog_name}", found.told)
        return found.value


takes_versions(MLflowDataset)
MLflowDataSet = MLflowDataset
