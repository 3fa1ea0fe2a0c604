"""Which package a store needs, and how to install it."""

from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import NamedTuple


class Need(NamedTuple):
    """Modules that a store imports, all of them, and what to give to `pip install`."""

    modules: tuple[str, ...]
    install: str


_AZURE = ("azure.storage.blob", "azure.identity")
_LAKE = ("azure.storage.filedatalake", "azure.identity")
_PSYCOPG = Need(("psycopg",), "'psycopg[binary]'")
_PSYCOPG2 = Need(("psycopg2",), "psycopg2-binary")
# Scheme of a tracking URI or an artifact location -> what MLflow imports for it.
NEEDS = {
    "postgresql+psycopg2": _PSYCOPG2,
    "postgresql+psycopg": _PSYCOPG,
    "mysql": Need(("MySQLdb",), "mysqlclient"),
    "mysql+mysqldb": Need(("MySQLdb",), "mysqlclient"),
    "mysql+pymysql": Need(("pymysql",), "pymysql"),
    "mssql+pymssql": Need(("pymssql",), "pymssql"),
    "mssql+pyodbc": Need(("pyodbc",), "pyodbc"),
    "s3": Need(("boto3",), "boto3"),
    "gs": Need(("google.cloud.storage",), "google-cloud-storage"),
    "wasbs": Need(_AZURE, "azure-storage-blob azure-identity"),
    "abfss": Need(_LAKE, "azure-storage-file-datalake azure-identity"),
    "hdfs": Need(("pyarrow",), "pyarrow"),
    "viewfs": Need(("pyarrow",), "pyarrow"),
    "sftp": Need(("pysftp", "paramiko"), "pysftp 'paramiko<4'"),
}
# What errors name where it is no module of the above.
_NAMED = {
    "HadoopFileSystem": "hdfs",
    "botocore": "s3",
    "azure": "wasbs",
    "azure.storage": "wasbs",
    "google": "gs",
    "google.cloud": "gs",
}
_NOT_WHOLE = {"no pq wrapper available": "postgresql+psycopg", "azure-identity package": "wasbs"}


def need_of(uri: str) -> Need | None:
    """Return what a tracking URI or an artifact location needs; None if MLflow brings it.

    Args:
        uri: with its scheme.
    """
    scheme = uri.partition(":")[0].lower()
    if scheme == "postgresql":  # SQLAlchemy 2.1 takes another driver where none is named
        return _PSYCOPG if _sqlalchemy() >= (2, 1) else _PSYCOPG2
    return NEEDS.get(scheme)


def missing_for(uri: str) -> str | None:
    """Return what to tell where a store's package is not installed; None if it is.

    Nothing is imported to find out, but the packages that it is a part of.

    Args:
        uri: a tracking URI or an artifact location.
    """
    need = need_of(uri)
    if need is None or all(map(_is_there, need.modules)):
        return None
    return _told(need.install)


def missing_by(error: BaseException) -> str | None:
    """Return what to tell where an error is that of a missing package; None if it is another.

    Args:
        error: as it came from MLflow or SQLAlchemy.
    """
    for text, scheme in _NOT_WHOLE.items():
        if text in str(error):
            return _told(NEEDS[scheme].install)
    if not isinstance(error, ImportError | NameError) or not error.name:
        return None
    module = error.name
    if isinstance(error, NameError):
        return _told(NEEDS[_NAMED[module]].install) if module in _NAMED else None
    for need in NEEDS.values():
        if any(f"{module}.".startswith(f"{one}.") for one in need.modules):
            return _told(need.install)
    if module in ("azure", "azure.storage") and _is_of_lake(error):
        return _told(NEEDS["abfss"].install)
    if module in _NAMED or module.partition(".")[0] in _NAMED:
        known = _NAMED.get(module) or _NAMED[module.partition(".")[0]]
        return _told(NEEDS[known].install)
    return _told(module.partition(".")[0]) if isinstance(error, ModuleNotFoundError) else None


def _is_of_lake(error: BaseException) -> bool:
    """Whether Azure's data lake was opened, whose package has the same first name."""
    trace = error.__traceback__
    while trace is not None:
        if "data_lake" in trace.tb_frame.f_code.co_filename:
            return True
        trace = trace.tb_next
    return False


def _told(install: str) -> str:
    names = " and ".join(name.strip("'") for name in install.split())
    verb = "are" if " " in install else "is"
    return (
        f"this store needs {names}, which {verb} not installed: `pip install {install}`, and add "
        f"it to requirements-run.txt"
    )


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):  # not even what it is a part of
        return False


def _sqlalchemy() -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in version("sqlalchemy").split(".")[:2])
    except (PackageNotFoundError, ValueError):
        return (2, 1)
