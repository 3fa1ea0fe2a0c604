"""Where runs go and how: what `MLflowBasicLoggerHook` was told, and the environment's say."""

import difflib
import functools
import inspect
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

from . import env
from .redact import redact_text

Export = Literal["live", "end", "later"]
EXPORTS: tuple[str, ...] = get_args(Export)
DEFAULT_URI = "sqlite:///mlruns/sqlite.db"
MAX_EXPERIMENT_NAME = 500

_Class = TypeVar("_Class", bound=type)


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

    def public(self) -> dict[str, Any]:
        """Return what may be written to disk: no credentials."""
        content = asdict(self)
        content["uri"] = redact_text(self.uri)
        content["tags"] = {key: redact_text(value) for key, value in self.tags.items()}
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


def nearest(value: object, allowed: tuple[str, ...] | list[str]) -> str:
    """Return ", did you mean …?" for an error message, or nothing where no name is near."""
    close = difflib.get_close_matches(str(value), list(allowed), n=1, cutoff=0.5)
    return f" Did you mean {close[0]!r}?" if close else ""


def require_one_of(name: str, value: object, allowed: tuple[str, ...] | list[str]) -> None:
    """Refuse a value that is none of those allowed.

    Raises:
        ValueError: with the value, what is allowed, and the nearest of it.
    """
    if value not in allowed:
        raise ValueError(
            f"{name} is {value!r}; it must be one of {', '.join(map(repr, allowed))}."
            f"{nearest(value, allowed)}"
        )


def named_options(cls: _Class) -> _Class:
    """Class decorator: an unknown argument is refused with the nearest right name.

    Python's own message names the wrong argument only.
    """
    init: Callable[..., None] = cls.__init__  # type: ignore[misc]
    known = [name for name in inspect.signature(init).parameters if name != "self"]

    @functools.wraps(init)
    def checked(self: object, *args: Any, **kwargs: Any) -> None:
        for name in kwargs:
            if name not in known:
                # No TypeError, which Kedro's settings loader would swallow.
                raise ValueError(
                    f"{cls.__name__} has no argument {name!r}; it has {', '.join(known)}."
                    f"{nearest(name, known)}"
                )
        init(self, *args, **kwargs)

    cls.__init__ = checked  # type: ignore[misc]
    return cls
