"""Where runs go and how: what `MLflowBasicLoggerHook` was told, and the environment's say."""

import os
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, get_args

from . import env
from .arguments import require_one_of
from .redact import redact_text, redact_value

Export = Literal["live", "end", "later"]
EXPORTS: tuple[str, ...] = get_args(Export)
DEFAULT_URI = "sqlite:///mlruns/sqlite.db"
MAX_EXPERIMENT_NAME = 500


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
    keep_journal: bool = False

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
            if os.environ.get(variable):
                changes[name] = os.environ[variable]
        if "experiment_name" in changes and changes["experiment_name"] != self.experiment_name:
            # The location in the file belongs to the experiment in the file.
            changes["artifact_location"] = None
        changed = replace(
            self, **changes, keep_journal=env.switch(env.KEEP_JOURNAL, self.keep_journal)
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
            name = settings.experiment_name
            location = "./mlruns/" + "".join(c if c.isalnum() or c in "-_. " else "_" for c in name)
        if location is not None and "://" not in location:
            # A path of this machine means nothing to a server.
            location = None if is_server else (project_path / location).resolve().as_uri()
        return replace(settings, uri=uri, artifact_location=location)

    def public(self) -> dict[str, Any]:
        """Return what may be written to disk: no credentials."""
        content = asdict(self)
        content["uri"] = redact_text(self.uri)
        content["tags"] = redact_value(self.tags)
        return content


def absolute_uri(uri: str, project_path: Path) -> str:
    """Return the tracking URI with a relative path in it made absolute, from the project's folder.

    Example:
        >>> absolute_uri("sqlite:///mlruns/sqlite.db", Path("/home/me/iris"))
        'sqlite:////home/me/iris/mlruns/sqlite.db'
    """
    prefix = "sqlite:///"
    if uri.startswith(prefix) and ":memory:" not in uri:
        path, mark, query = uri.removeprefix(prefix).partition("?")
        return f"{prefix}{(project_path / path).as_posix()}{mark}{query}"
    if "://" not in uri and ":" not in uri[2:] and uri not in ("databricks", "uc"):
        return (project_path / uri).as_uri()
    return uri


def redacted_equal(recorded: object, uri: str) -> bool:
    """Whether a URI that was recorded without its credentials is this one."""
    return recorded == redact_text(uri)


def sqlite_path(uri: str) -> Path | None:
    """Return the file of an SQLite tracking URI, or None for another store."""
    if not uri.startswith("sqlite:///"):
        return None
    return Path(uri.removeprefix("sqlite:///").partition("?")[0])
