"""The tracking settings of the Kedro project that this process works in."""

from pathlib import Path

from .hooks.basic import MLflowBasicLoggerHook
from .settings import TrackingSettings


def basic_hook() -> MLflowBasicLoggerHook | None:
    """Return the project's `MLflowBasicLoggerHook` from `settings.HOOKS`, if it has one."""
    from kedro.framework.project import settings

    hooks = [hook for hook in settings.HOOKS if isinstance(hook, MLflowBasicLoggerHook)]
    return hooks[0] if hooks else None


def project_path() -> Path:
    """Return the project's folder: the nearest one above the working directory, or that itself."""
    from kedro.utils import find_kedro_project

    return Path(find_kedro_project(Path.cwd()) or Path.cwd())


def tracking_settings() -> TrackingSettings:
    """Return the settings that a run started now would have."""
    hook = basic_hook() or MLflowBasicLoggerHook()
    return hook.resolved(project_path())


def project_tracking_uri() -> str:
    """Return the tracking URI of the project, with the environment's say on top."""
    return tracking_settings().uri
