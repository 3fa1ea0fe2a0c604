"""The tracking settings of the Kedro project that this process works in."""

from pathlib import Path
from typing import Protocol

from .program import source_root
from .settings import TrackingSettings


class HoldsSettings(Protocol):
    """The hook that says where runs go: `MLflowBasicLoggerHook`."""

    settings: TrackingSettings

    def is_enabled(self) -> bool:
        """Whether runs are tracked at all."""


def settings_hook() -> HoldsSettings | None:
    """Return the project's hook in `settings.HOOKS` that holds tracking settings, if it has one."""
    from kedro.framework.project import settings

    # By what it holds: this module stands below the hooks, and must not import them.
    for hook in settings.HOOKS:
        if isinstance(getattr(hook, "settings", None), TrackingSettings):
            found: HoldsSettings = hook
            return found
    return None


def project_path() -> Path:
    """Return the project's folder: the nearest one above the working directory, or its code's.

    Of a packaged project it is the working directory.
    """
    from kedro.utils import find_kedro_project

    return Path(find_kedro_project(Path.cwd()) or source_root() or Path.cwd())


def tracking_settings() -> TrackingSettings:
    """Return the settings that a run started now would have."""
    hook = settings_hook()
    return (hook.settings if hook is not None else TrackingSettings()).resolved(project_path())


def project_tracking_uri() -> str:
    """Return the tracking URI of the project, with the environment's say on top."""
    return tracking_settings().uri
