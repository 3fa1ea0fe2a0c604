"""The kinds of `MLflowDataSet`: which Kedro dataset writes which file."""

from collections.abc import Mapping
from inspect import signature
from pathlib import PurePosixPath
from typing import Any, Literal

from kedro.io import AbstractDataset, AbstractVersionedDataset, Version

from ..arguments import nearest
from ..kedro_datasets_internals import is_parted
from ..kedro_internals import config_of, definition_of, version_of
from ..recording.sorting import METRIC, PARAM
from ..redact import masked_repr

AUTO, MODEL = "a", "model"
VALUES = (METRIC, PARAM, AUTO)

_FIGURE = f"{__name__.rpartition('.')[0]}.figures.FigureDataset"
# Extension -> class, and the extra of kedro-datasets that brings what the class needs.
FILES: dict[str, tuple[str, str | None]] = {
    "pkl": ("kedro_datasets.pickle.PickleDataset", "pickle-pickledataset"),
    "txt": ("kedro_datasets.text.TextDataset", "text-textdataset"),
    "md": ("kedro_datasets.text.TextDataset", "text-textdataset"),
    "yaml": ("kedro_datasets.yaml.YAMLDataset", "yaml-yamldataset"),
    "yml": ("kedro_datasets.yaml.YAMLDataset", "yaml-yamldataset"),
    "geojson": ("kedro_datasets.json.JSONDataset", "json-jsondataset"),
    "csv": ("kedro_datasets.pandas.CSVDataset", "pandas-csvdataset"),
    "xls": ("kedro_datasets.pandas.ExcelDataset", "pandas-exceldataset"),
    "xlsx": ("kedro_datasets.pandas.ExcelDataset", "pandas-exceldataset"),
    "parquet": ("kedro_datasets.pandas.ParquetDataset", "pandas-parquetdataset"),
    "json": (_FIGURE, None),
    "png": (_FIGURE, None),
    "jpg": (_FIGURE, None),
    "jpeg": (_FIGURE, None),
    "svg": (_FIGURE, None),
    "pdf": (_FIGURE, None),
    "html": (_FIGURE, None),
}


# Texts keep the line ends that they have.
_AS_IT_IS = {"fs_args": {f"open_args_{way}": {"newline": ""} for way in ("load", "save")}}
_OPTIONS: dict[str, dict[str, Any]] = {"txt": _AS_IT_IS, "md": _AS_IT_IS}

# What people give to an MLflow dataset and belongs elsewhere, and where it goes.
ELSEWHERE = {
    name: f"give it to the Kedro dataset that writes the file: `dataset` is then a mapping of "
    f"`type`, `filepath` and `{name}`."
    for name in ("load_args", "save_args", "fs_args")
} | {
    "versioned": "in Python that is `version=Version(None, None)`.",
    "layer": "that is `metadata: {kedro-viz: {layer: …}}`.",
}

PICTURES = ("png", "jpg", "jpeg", "svg", "pdf")


def copy_mode_of_kind(kind: str | None) -> Literal["assign"] | None:
    """Return how a kept value of a kind is handed out; None for Kedro's choice by its type.

    A figure is handed out as it is: Matplotlib's can't always be copied, from Python 3.14 on
    those with names at an axis never.
    """
    return "assign" if kind in PICTURES else None


def check_kind(kind: str) -> None:
    """Refuse an unknown kind.

    Raises:
        ValueError: with all kinds, and the nearest of them.
    """
    known = [*VALUES, MODEL, *FILES]
    if kind not in known:
        raise ValueError(
            f"MLflowDataSet has no kind {masked_repr(kind)}; dataset= is one of "
            f"{', '.join(map(repr, known))}, a Kedro dataset, its configuration, or None."
            f"{nearest(kind, known)}"
        )


class FileKind:
    """Makes the Kedro dataset that reads and writes the file of an MLflow dataset.

    Args:
        dataset: an extension of `FILES`, a Kedro dataset, or the configuration of one.
        credentials: for the Kedro dataset, unless its configuration has its own.

    Raises:
        ValueError: an unknown extension, or a dataset that has no file.
    """

    def __init__(
        self,
        dataset: str | Mapping[str, Any] | AbstractDataset[Any, Any],
        credentials: Mapping[str, Any] | str | None = None,
    ) -> None:
        self.filepath: str | None = None
        self.extension = ""
        # Of a kind of ours; else the owner gave the dataset, which may look at what is there.
        self.name = dataset if isinstance(dataset, str) else None
        self._argument = "filepath"
        # Which version is loaded and saved; None where the file is not versioned.
        self.version: Version | None = None
        self.metadata: Mapping[str, Any] | None = None
        self._credentials = {"credentials": credentials} if credentials else {}
        # Whether it is a folder of partitions, each of which is loaded when it is asked for.
        self.is_parted = False
        # Whether a save adds to the file that is there.
        self.appends = False
        # Whether pandas' index is not in it.
        self.leaves_out_index = False
        self._config: dict[str, Any]
        self._extra: str | None
        if isinstance(dataset, str):
            check_kind(dataset)
            if dataset == MODEL:
                # Unlike pickle, cloudpickle also takes lambdas and classes of a notebook; so the
                # values of metrics and params, whose pickle nobody asked for, go this way too.
                self.extension = ".pkl"
                self._config = {"type": FILES["pkl"][0], "backend": "cloudpickle"}
                self._extra = FILES["pkl"][1]
                return
            self.extension = f".{dataset}"
            self.leaves_out_index = dataset in ("csv", "xls", "xlsx")
            self._config = {"type": FILES[dataset][0], **_OPTIONS.get(dataset, {})}
            self._extra = FILES[dataset][1]
            return
        self._extra = None
        if isinstance(dataset, AbstractDataset):
            config = config_of(dataset)
            self.version = version_of(dataset)
            self.metadata = getattr(dataset, "metadata", None)
        else:
            config = dict(dataset)
            self.version = Version(None, None) if config.get("versioned") else None
            self.metadata = config.get("metadata")
        if "type" not in config:
            raise ValueError(
                f"the configuration of a dataset needs a `type`; this one has {list(config)}."
            )
        config.pop("versioned", None)
        self.appends = _appends(config)
        class_, arguments = definition_of(config)
        has_index = (config.get("save_args") or {}).get("index", False)
        self.leaves_out_index = class_.__name__ in ("CSVDataset", "ExcelDataset") and not has_index
        self.is_parted = is_parted(class_)
        argument = "path" if self.is_parted else _place_of(class_)
        if argument is None:
            raise ValueError(
                f"{class_.__name__} has no `filepath` and no `path`, and MLflow takes files: "
                f"use it without MLflowDataSet."
            )
        self._config = config
        self._argument = argument
        if path := arguments.get(argument):
            self.filepath = str(path)
            self.extension = "" if self.is_parted else PurePosixPath(str(path)).suffix

    @property
    def overwrites(self) -> bool:
        """Whether of partitions nothing is left that an earlier save has written."""
        return self.is_parted and bool(self._config.get("overwrite"))

    @property
    def config(self) -> Mapping[str, Any]:
        """The Kedro dataset's configuration, without its path."""
        return self._config

    def describe(self) -> str:
        """Return the name of the Kedro dataset's class."""
        kind = self._config["type"]
        return kind if isinstance(kind, str) else f"{kind.__module__}.{kind.__qualname__}"

    def at(
        self, path: str, version: Version | None = None, is_copy: bool = False
    ) -> AbstractDataset[Any, Any]:
        """Return the Kedro dataset for a path.

        Args:
            path: the file's path or URL.
            version: which version is loaded and saved; None where the file is not versioned.
            is_copy: it is a copy of what was saved, all of which an incremental dataset loads.

        Raises:
            ImportError: kedro-datasets lacks what it needs, with the command that installs it.
        """
        try:
            config = {**self._credentials, **self._config, self._argument: path}
            if is_copy and self.is_parted:
                config.pop("checkpoint", None)
            if version is None:
                return AbstractDataset.from_config("file", config)
            config["versioned"] = True
            return AbstractDataset.from_config("file", config, version.load, version.save)
        except Exception as error:
            if self._extra is None:
                raise
            raise ImportError(
                f"a {self.extension} file needs more packages; "
                f"`pip install 'kedro-datasets[{self._extra}]'` ({error})"
            ) from error


def _place_of(class_: type[Any]) -> str | None:
    """Return the argument that says where a dataset's file or folder lies; None if none does."""
    # A versioned one has a `_filepath` by Kedro's own class, whatever its argument is called, as
    # those of Hugging Face.
    known = ["filepath", *(["path"] if issubclass(class_, AbstractVersionedDataset) else [])]
    taken = signature(class_.__init__).parameters
    return next((name for name in known if name in taken), None)


def _appends(config: Mapping[str, Any]) -> bool:
    """Whether a dataset's configuration opens its file to add to it, as `mode: a` does."""
    opened = dict(config.get("fs_args") or {}).get("open_args_save") or {}
    modes = [dict(options).get("mode") for options in (config.get("save_args") or {}, opened)]
    return any("a" in mode for mode in modes if isinstance(mode, str))
