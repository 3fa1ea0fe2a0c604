"""Where runs go and how: what `MLflowBasicLoggerHook` was told, and the environment's say."""

import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import unquote

from . import env
from .arguments import require_one_of
from .logs import PlainLogger
from .redact import masked_repr, redact_text, redact_value

logger = PlainLogger(__name__)

Export = Literal["live", "end", "later"]
EXPORTS: tuple[str, ...] = get_args(Export)
DEFAULT_URI = "sqlite:///mlruns/sqlite.db"
MAX_EXPERIMENT_NAME = 500
# Calls at once to what is far away; MLflow's own pool of connections holds ten.
MAX_AT_ONCE = 8
_SQLITE = "sqlite:///"
# The same driver. MLflow 3.17 would make folders called `what%3F` for a path in the other form.
_SQLITE_QUOTED = "sqlite+pysqlite:///"


@dataclass(frozen=True)
class TrackingSettings:
    """The settings of a run; see `MLflowBasicLoggerHook` for what each means."""

    uri: str = DEFAULT_URI
    experiment_name: str = "Default"
    experiment_id: str | None = None
    artifact_location: str | None = None
    run_name: str | None = None
    run_id: str | None = None
    nested: bool = False
    tags: dict[str, str] = field(default_factory=dict)
    export: str = "live"
    export_wait: float = 30.0
    export_required: bool = False
    keep_journal: bool = False
    linger: float = 600.0
    # Of `mlflow.yml`: its environment, and the variables that open the store.
    run_env: str | None = None
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)

    def with_environment(self) -> "TrackingSettings":
        """Return the settings with MLflow's and our environment variables applied."""
        changes: dict[str, Any] = {}
        for name, variable in (
            ("uri", env.TRACKING_URI),
            ("experiment_name", env.EXPERIMENT_NAME),
            ("experiment_id", env.EXPERIMENT_ID),
            ("run_id", env.RUN_ID),
            ("export", env.EXPORT),
        ):
            given = env.users(variable)
            if given:
                changes[name] = given
        if "experiment_name" in changes and changes["experiment_name"] != self.experiment_name:
            # The location in the file belongs to the experiment in the file.
            changes["artifact_location"] = None
        if self.credentials:
            from .credentials import not_set

            changes["credentials"] = not_set(self.credentials, os.environ)
        changed = replace(
            self,
            **changes,
            keep_journal=env.switch(env.KEEP_JOURNAL, self.keep_journal),
            linger=_linger(self.linger),
        )
        require_one_of(f"export ({env.EXPORT})", changed.export, EXPORTS)
        return changed

    def resolved(self, project_path: Path) -> "TrackingSettings":
        """Return the settings of a run that starts now: environment applied, paths absolute.

        Args:
            project_path: the folder that relative paths start from.
        """
        settings = self.with_environment()
        uri = absolute_uri(settings.uri, project_path)
        location = settings.artifact_location
        is_server = uri.startswith(("http://", "https://"))
        if location is None and not is_server:
            location = default_location(settings.experiment_name)
        if location is not None and "://" not in location:
            # A path of this machine means nothing to a server.
            location = None if is_server else (project_path / location).resolve().as_uri()
        return replace(settings, uri=uri, artifact_location=location)

    def public(self) -> dict[str, Any]:
        """Return what may be written to disk: no credentials."""
        content = asdict(self)
        content["uri"] = redact_text(self.uri)
        content["tags"] = redact_value(self.tags)
        del content["credentials"]
        return content


def default_location(experiment_name: str) -> str:
    """Return where the artifacts of a new experiment go if nobody says it."""
    return "./mlruns/" + "".join(c if c.isalnum() or c in "-_. " else "_" for c in experiment_name)


def _linger(default: float) -> float:
    number, wrong = env.seconds(env.LINGER, default)
    if wrong is not None:
        _warn_once(wrong)
    return number


@lru_cache
def _warn_once(text: str) -> None:
    logger.warning("%s", text)


def absolute_uri(uri: str, project_path: Path) -> str:
    """Return the tracking URI with a relative path in it made absolute, from the project's folder.

    Example:
        >>> absolute_uri("sqlite:///mlruns/sqlite.db", Path("/home/me/iris"))
        'sqlite:////home/me/iris/mlruns/sqlite.db'

    Raises:
        ValueError: the project's path cannot stand in a URI.
    """
    if uri.startswith(_SQLITE) and ":memory:" not in uri:
        path, mark, query = uri.removeprefix(_SQLITE).partition("?")
        if Path(path).is_absolute():
            return f"{_SQLITE}{Path(path).as_posix()}{mark}{query}"
        folder = sqlite_uri(project_path).rstrip("/")
        return f"{folder}/{Path(path).as_posix()}{mark}{query}"
    if "://" not in uri and ":" not in uri[2:] and uri not in ("databricks", "uc"):
        return (project_path / uri).as_uri()
    return uri


def redacted_equal(recorded: object, uri: str) -> bool:
    """Whether a URI that was recorded without its credentials is this one."""
    return recorded == redact_text(uri)


def sqlite_path(uri: str) -> Path | None:
    """Return the file of an SQLite tracking URI, or None for another store."""
    if not uri.startswith((_SQLITE, _SQLITE_QUOTED)):
        return None
    path = uri.partition(":///")[2].partition("?")[0]
    return Path(unquote(path) if "%" in path and _has_quoted_paths() else path)


def sqlite_uri(path: Path) -> str:
    """Return the tracking URI of an SQLite file.

    Raises:
        ValueError: its path cannot stand in a URI.
    """
    text = path.as_posix()
    if "%" in text or "?" in text:
        if _has_quoted_paths():
            return _SQLITE_QUOTED + text.replace("%", "%25").replace("?", "%3F")
        if "?" in text:
            raise ValueError(
                f"an SQLite store cannot lie below {text}, which has a question mark; rename the "
                f"folder, give `uri` another store, or install SQLAlchemy 2.1 or newer"
            )
    return f"{_SQLITE}{text}"


@lru_cache(maxsize=1)
def _has_quoted_paths() -> bool:
    """Whether SQLAlchemy reads `%3F` in the path of a URI as `?`, which it does from 2.1 on."""
    try:
        found = re.match(r"(\d+)\.(\d+)", version("sqlalchemy"))
    except PackageNotFoundError:  # then no store is opened here
        return True
    return found is not None and (int(found[1]), int(found[2])) >= (2, 1)


def check_options(  # noqa: PLR0913
    uri: object,
    experiment_name: object,
    offset_hours: float,
    export: object,
    export_wait: float,
    linger: float,
) -> None:
    """Check the options of a run that `MLflowBasicLoggerHook` takes.

    Raises:
        ValueError: one can't be used.
    """
    if not isinstance(uri, str) or not uri.strip():
        raise ValueError(f"uri is {masked_repr(uri)}; give a tracking URI such as {DEFAULT_URI!r}.")
    if not isinstance(experiment_name, str) or not experiment_name.strip():
        told = masked_repr(experiment_name)
        raise ValueError(f"experiment_name is {told}; give the experiment a name.")
    if len(experiment_name) > MAX_EXPERIMENT_NAME:
        raise ValueError(
            f"experiment_name has {len(experiment_name)} characters; MLflow takes "
            f"{MAX_EXPERIMENT_NAME}. Shorten it."
        )
    if not -24 < offset_hours < 24:
        raise ValueError(f"offset_hours is {offset_hours}; it must lie between -24 and 24.")
    require_one_of("export", export, EXPORTS)
    if export_wait < 0:
        raise ValueError(f"export_wait is {export_wait}; it is a number of seconds, 0 or more.")
    if not 0 <= linger <= env.MAX_SECONDS:
        limit = f"from 0 to {env.MAX_SECONDS:g}"
        raise ValueError(f"linger is {linger}; it is a number of seconds {limit}.")
