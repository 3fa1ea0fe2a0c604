"""The tracking settings of the Kedro project that this process works in."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from os import environ
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from .arguments import nearest, with_options
from .program import source_root
from .redact import masked_repr
from .settings import TrackingSettings

if TYPE_CHECKING:  # imported where a project has such a file
    from .mlflow_yml import MlflowYml

MLFLOW_YML = ("mlflow.yml", "mlflow.yaml")

_Hook = TypeVar("_Hook")

# What was read last for an environment in this process, and in this thread: Kedro makes a context
# in the thread that then runs it.
_of_env: "dict[str | None, MlflowYml | None]" = {}
_of_thread = threading.local()


class HoldsSettings(Protocol):
    """The hook that says where runs go: `MLflowBasicLoggerHook`."""

    settings: TrackingSettings

    def is_enabled(self) -> bool:
        """Whether runs are tracked at all."""


def settings_hook() -> HoldsSettings | None:
    """Return the project's hook in `settings.HOOKS` that holds tracking settings, if it has one.

    It is as `mlflow.yml` of the environment has it.
    """
    hook = hook_in_python()
    return None if hook is None else with_mlflow_yml(hook, mlflow_yml())


def hook_in_python() -> HoldsSettings | None:
    """Return the same hook as the project's code has it."""
    from kedro.framework.project import settings

    # By what it holds: this module stands below the hooks, and must not import them.
    for hook in settings.HOOKS:
        if isinstance(getattr(hook, "settings", None), TrackingSettings):
            found: HoldsSettings = hook
            return found
    return None


def with_mlflow_yml(hook: _Hook, found: "MlflowYml | None") -> _Hook:
    """Return the hook that holds settings, with what an `mlflow.yml` says of them.

    Raises:
        ValueError: something in the file is wrong.
    """
    if found is None:
        return hook
    if found.faults:
        raise ValueError("; ".join(found.faults))
    changed: Any = with_options(hook, found.arguments)
    changed.settings = replace(
        changed.settings, run_env=found.run_env, credentials=found.credentials
    )
    changed_hook: _Hook = changed
    return changed_hook


def read_mlflow_yml(loader: Any, project: Path) -> "MlflowYml | None":
    """Read `mlflow.yml` through a config loader, and note it for this thread.

    Args:
        loader: a session's, or one of `config_loader`.
        project: the project's folder.

    Returns:
        What it says; None if there is none.
    """
    base, default = getattr(loader, "base_env", ""), getattr(loader, "default_run_env", "")
    files = list(_files(Path(str(loader.conf_source)), base, loader.env or default))
    # An archive or an address has no files to look for; an owner's pattern may name others.
    is_local = Path(str(loader.conf_source)).is_dir()
    found = None
    if (told := unknown_env(loader.env, str(loader.conf_source))) is not None:
        from .mlflow_yml import MlflowYml

        found = MlflowYml(loader.env, "", faults=(told,))
    elif files or not is_local or "mlflow" in (getattr(loader, "config_patterns", None) or ()):
        from kedro.framework.project import settings

        from .mlflow_yml import read

        def make_local() -> Any:
            return config_loader(project, default, str(loader.conf_source))

        is_other = default and (loader.env or default) != default
        local = make_local if is_other else None
        found = read(loader, files, settings.HOOKS, project, local)
    note_mlflow_yml(loader.env, found)
    return found


def note_mlflow_yml(run_env: str | None, found: "MlflowYml | None") -> None:
    """Note what is in force in this thread, and wherever nothing else is known."""
    _of_env.pop(run_env, None)  # the last one stands last
    _of_env[run_env] = _of_thread.found = found
    _of_thread.run_env = run_env


def choose_env(run_env: str | None) -> None:
    """Choose the environment of this process where no session does: a command's `--env`."""
    _of_thread.__dict__.clear()
    _of_env.clear()
    _of_thread.chosen = run_env


def hook_of_command(
    run_env: str | None, conf_source: str | None, params: dict[str, Any] | None
) -> HoldsSettings | None:
    """Return the hook that holds settings, as a `kedro run` with these options will have it.

    Raises:
        ValueError: something in `mlflow.yml` is wrong, or there is no such environment.
    """
    hook, project = hook_in_python(), project_path()
    run_env = run_env or environ.get("KEDRO_ENV") or None
    if (told := unknown_env(run_env, conf_source)) is not None:
        raise ValueError(told)
    if hook is None or not has_mlflow_yml(project, run_env, conf_source):
        return hook
    loader = config_loader(project, run_env, conf_source, params)
    return with_mlflow_yml(hook, read_mlflow_yml(loader, project))


def mlflow_yml_of_run(run_env: str | None) -> "MlflowYml | None":
    """Return what is in force in a run that begins in this thread.

    Args:
        run_env: the run's environment, as Kedro tells it to hooks.
    """
    if getattr(_of_thread, "run_env", _of_thread) == run_env:
        return mlflow_yml()
    return _of_env.get(run_env)


def mlflow_yml() -> "MlflowYml | None":
    """Return what `mlflow.yml` says here; it is read now where no session has read it."""
    if hasattr(_of_thread, "found"):
        found: MlflowYml | None = _of_thread.found
        return found
    if _of_env:  # a thread of a runner, or of the user's
        return next(reversed(_of_env.values()))
    run_env, project = chosen_env(), project_path()
    if not has_mlflow_yml(project, run_env):
        note_mlflow_yml(run_env, None)
        return None
    return read_mlflow_yml(config_loader(project, run_env), project)


def chosen_env() -> str | None:
    """Return the environment of a command: its `--env`, or Kedro's variable."""
    return getattr(_of_thread, "chosen", None) or environ.get("KEDRO_ENV") or None


def unknown_env(run_env: str | None, conf_source: str | None = None) -> str | None:
    """Return why an environment is none, with the nearest right name; None where it is one.

    Kedro's own loader wants a folder for each; that of an owner may keep them elsewhere.

    Args:
        run_env: the environment; None for the one that runs by default.
        conf_source: the folder of the environments; the project's own by default.
    """
    if run_env is None:
        return None
    from kedro.framework.project import settings

    conf = project_path() / (conf_source or str(settings.CONF_SOURCE))
    classes = {cls.__name__ for cls in settings.CONFIG_LOADER_CLASS.__mro__}
    if "OmegaConfigLoader" not in classes or not conf.is_dir() or (conf / run_env).is_dir():
        return None
    about = dict(settings.CONFIG_LOADER_ARGS)
    known = {about.get("base_env", "base"), about.get("default_run_env", "local")}
    known |= {one.name for one in conf.iterdir() if one.is_dir() and one.name[0] not in "._"}
    if run_env in known:
        return None
    names = sorted(name for name in known if name)
    return (
        f"there is no environment {masked_repr(run_env)}: {conf} has no folder of that name, but "
        f"{', '.join(names)}.{nearest(run_env, names)}"
    )


def has_mlflow_yml(
    project: Path, run_env: str | None = None, conf_source: str | None = None
) -> bool:
    """Whether an environment has an `mlflow.yml`, without a config loader; it costs two looks."""
    from kedro.framework.project import settings

    root = project / (conf_source or str(settings.CONF_SOURCE))
    if "mlflow" in settings.CONFIG_LOADER_ARGS.get("config_patterns", ()) or not root.is_dir():
        return root.exists() or "://" in str(conf_source)  # only a loader can tell
    return bool(files_of_env(root, run_env))


def files_of_env(conf: Path, run_env: str | None) -> list[Path]:
    """Return the `mlflow.yml` that count in an environment; the last one wins.

    Args:
        conf: the folder of the environments.
        run_env: the environment; None for the one that runs by default.
    """
    from kedro.framework.project import settings

    about = dict(settings.CONFIG_LOADER_ARGS)
    base, default = about.get("base_env", "base"), about.get("default_run_env", "local")
    return list(_files(conf, base, run_env or default))


def config_loader(
    project: Path,
    run_env: str | None = None,
    conf_source: str | None = None,
    params: dict[str, Any] | None = None,
) -> Any:
    """Return a config loader as a session of the project makes it."""
    from kedro.framework.project import settings

    return settings.CONFIG_LOADER_CLASS(
        conf_source=conf_source or str(project / str(settings.CONF_SOURCE)),
        env=run_env or environ.get("KEDRO_ENV"),
        runtime_params=params,
        **settings.CONFIG_LOADER_ARGS,
    )


def _files(conf: Path, base: str, run_env: str) -> Iterator[Path]:
    for one in dict.fromkeys(name for name in (base, run_env) if name):
        yield from (path for name in MLFLOW_YML if (path := conf / one / name).is_file())


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
