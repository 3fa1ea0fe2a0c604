"""What a dataset needs and asks for only when it loads or saves: packages, and a place to write."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..arguments import nearest
from .kinds import FILES

# Where the name of a module is not that of its package.
_PACKAGES = {
    "kedro_datasets": "kedro-datasets",
    "odf": "odfpy",
    "python_calamine": "python-calamine",
    "yaml": "pyyaml",
}
_ENGINES = {"calamine": "python_calamine"}
# What fsspec's own file systems import when they are opened; a name that its package teaches it.
_PROTOCOLS = {
    "abfss": "adlfs",
    "hdfs": "pyarrow",
    "arrow_hdfs": "pyarrow",
    "http": "aiohttp",
    "https": "aiohttp",
    "sftp": "paramiko",
    "ssh": "paramiko",
    "smb": "smbprotocol",
}
_PARQUET = ("pyarrow", "fastparquet")
# Classes that certainly write one file at their path.
_ONE_FILE = frozenset(class_.removeprefix("kedro_datasets.") for class_, _ in FILES.values())


def class_of(kind: object) -> str:
    """Return the short name of a dataset's class, say `pandas.ExcelDataset`.

    Args:
        kind: the class, or its name as it stands in a catalog.
    """
    if isinstance(kind, str):
        return kind.removeprefix("kedro_datasets.")
    module, name = str(getattr(kind, "__module__", "")), str(getattr(kind, "__name__", ""))
    if module.startswith("kedro_datasets."):
        return f"{module.split('.')[1]}.{name}"
    return f"{module}.{name}"


def writes_one_file(kind: object) -> bool:
    """Whether a dataset of this class certainly writes one file, the one at its path."""
    return class_of(kind) in _ONE_FILE


def missing_packages(
    config: Mapping[str, Any], path: str | None, *, loads: bool, saves: bool
) -> list[str]:
    """Return what is missing to load or save a dataset, with how to install it.

    Nothing is imported to find out.

    Args:
        config: the dataset's configuration.
        path: its path or URL.
        loads: whether it is loaded from its file.
        saves: whether it is saved.
    """
    told: list[str] = []
    for modules in _modules(config, loads, saves):
        if all(is_missing(module) for module in modules):
            told.append(remedy(modules[0]))
    if path is not None and "://" in path:
        told += _missing_for_protocol(path.partition("://")[0])
    return list(dict.fromkeys(told))


def _modules(config: Mapping[str, Any], loads: bool, saves: bool) -> Iterator[tuple[str, ...]]:
    """Yield groups of modules; of each group one has to be there."""
    name = class_of(config["type"])
    load_args, save_args = (dict(config.get(key) or {}) for key in ("load_args", "save_args"))
    if isinstance(config["type"], str) and config["type"].startswith("kedro_datasets."):
        yield ("kedro_datasets",)
    if name.startswith("pandas."):
        yield ("pandas",)
    if name == "pandas.ExcelDataset":
        writer = dict(save_args.get("writer") or {})
        if saves:
            yield _engine(writer.get("engine", config.get("engine") or "openpyxl"))
        if loads:
            yield _engine(load_args.get("engine", "openpyxl"))
    elif name == "pandas.ParquetDataset":
        for is_asked, given in ((saves, save_args), (loads, load_args)):
            if is_asked:
                engine = given.get("engine") or "auto"
                yield _PARQUET if engine == "auto" else _engine(engine)
    elif name == "pandas.FeatherDataset":
        yield ("pyarrow",)
    elif name == "pandas.HDFDataset":
        yield ("tables",)
    elif name == "pickle.PickleDataset":
        yield _engine(config.get("backend") or "pickle")
    elif name == "yaml.YAMLDataset":
        yield ("yaml",)


def _engine(name: object) -> tuple[str, ...]:
    # None, and what is no name of a module, is left to pandas.
    if not isinstance(name, str) or not name.partition(".")[0].isidentifier():
        return ("sys",)
    return (_ENGINES.get(name, name.partition(".")[0]),)


def is_missing(module: str) -> bool:
    """Whether a module is in no package of this environment."""
    try:
        return find_spec(module) is None
    except (ImportError, ValueError):  # it is half imported, or a stand-in of somebody's
        return False


def package_of(module: str) -> str:
    """Return the name under which a module is installed."""
    return _PACKAGES.get(module, module)


def remedy(module: str) -> str:
    """Return the package of a module that is missing, and how to install it."""
    package = package_of(module)
    return (
        f"the package {package}, which is not installed: `pip install {package}`, and add it to "
        f"requirements-run.txt"
    )


def missing_for_url(url: str) -> list[str]:
    """Return what is missing to open an fsspec URL, with the remedy; nothing for a path."""
    protocol, mark, _ = url.partition("://")
    return _missing_for_protocol(protocol) if mark else []


def _missing_for_protocol(protocol: str) -> list[str]:
    import fsspec  # type: ignore[import-untyped]
    from fsspec.registry import known_implementations, registry  # type: ignore[import-untyped]

    for one in protocol.split("::"):
        known = known_implementations.get(one)
        if known is None and one not in registry and one not in _PROTOCOLS:
            near = nearest(one, fsspec.available_protocols()).strip()
            return [f"another protocol: fsspec knows no {one!r}{f' ({near})' if near else ''}"]
        own = str(known["class"]).partition(".")[0] if known else "fsspec"
        module = _PROTOCOLS.get(one, own) if own == "fsspec" else own
        if is_missing(module):
            return [remedy(module)]
    return []


def why_not_writable(path: str, *, in_place: bool, versioned: bool, one_file: bool) -> str | None:
    """Return why a file of this machine can't be written; None if nothing speaks against it.

    Leaves everything as it is; an empty folder of a name of its own, made and removed at once,
    tells whether one can be made.

    Args:
        path: the file.
        in_place: whether a file that is there is opened, and not replaced.
        versioned: whether the path is a folder of versions.
        one_file: whether no folder is written at the path.
    """
    place = Path(path).absolute()
    # Of `os.path`, for those of `Path` raise in a folder that may not be looked into.
    is_there, is_folder = os.path.exists(place), os.path.isdir(place)  # noqa: PTH110, PTH112
    if versioned:
        if is_there and not is_folder:
            return f"{place} is a file, and a versioned dataset makes a folder of that name"
    elif is_folder:
        return f"{place} is a folder" if one_file else None
    elif in_place and is_there:
        return None if _may_write(place, os.W_OK) else f"the file {place} may not be written to"
    folder = wanted = place if versioned else place.parent
    while not os.path.lexists(folder) and folder != folder.parent:
        folder = folder.parent
    if not os.path.isdir(folder):  # noqa: PTH112
        return f"{folder} is no folder"
    if not _may_write(folder, os.W_OK | os.X_OK):
        return f"the folder {folder} may not be written to"
    if folder != wanted:  # which has to be made then
        try:
            Path(tempfile.mkdtemp(prefix=".kedro-mlflow-", dir=folder)).rmdir()
        except OSError as error:
            return f"no folder can be made in {folder} ({error.strerror})"
    return None


def _may_write(place: Path, mode: int) -> bool:
    if os.name == "nt":  # where it tells of an attribute that stops nobody
        return True
    return os.access(place, mode, effective_ids=os.access in os.supports_effective_ids)
