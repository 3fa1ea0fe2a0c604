"""What `conf/<env>/mlflow.yml` says: arguments of the hooks, and the name of the credentials.

Imported only where there is such a file. What is wrong in it is kept as text: a run is refused for
it, and a command that needs no store is not.
"""

import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from . import wings
from .arguments import nearest, options_of, with_options
from .option_types import unfit
from .redact import masked_repr, redact_text, secrets_in
from .unreadable import no_mappings, shown, why_credentials

KEY = "mlflow"
HOOKS = "hooks"
NAME_OF_ENTRY = "credentials"
# Top-level keys of kedro-mlflow's file of that name -> ours for what stands most often below them.
_KEDRO_MLFLOW = {
    "server": "`server.mlflow_tracking_uri` is `uri`",
    "tracking": (
        "`tracking.experiment.name` is `experiment_name`, and `tracking.run.name` is `run_name`"
    ),
    "ui": "`ui.port` is `kedro mlflow ui --port`",
}
_TRANSLATES = "scripts/install_layer.py of kedro-starter-mlflow translates it"
# What the installer leaves in this folder, once it has translated.
_INSTALLED = ".installed.json"

_resolvers = threading.Lock()


@dataclass(frozen=True)
class MlflowYml:
    """What the files of an environment say together, checked against the project's hooks.

    Args:
        run_env: the environment; None for the one that runs by default.
        place: the files, for messages.
        arguments: those of `MLflowBasicLoggerHook`.
        hooks: of each other hook class, by name, its arguments.
        credentials_name: the entry of `credentials.yml`.
        credentials: its variables.
        faults: what is wrong; then nothing of it may be used.
        notes: what has no effect, as name and sentence.
    """

    run_env: str | None
    place: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    hooks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    credentials_name: str | None = None
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    faults: tuple[str, ...] = ()
    notes: tuple[tuple[str, str], ...] = ()


def read(
    loader: Any,
    files: Sequence[Path],
    hooks: Iterable[Any],
    project: Path,
    make_local: Callable[[], Any] | None = None,
) -> MlflowYml | None:
    """Read the files of an environment through Kedro's config loader, and check what they say.

    Args:
        loader: the session's; it gets a pattern for `mlflow` if it has none.
        files: those that are there, for messages.
        hooks: the project's hooks.
        project: its folder, which relative paths start from.
        make_local: makes a loader of the environment that runs by default, `conf/local`, where
            credentials may stand for all environments.

    Returns:
        What they say; None if there is none.
    """
    place = " and ".join(shown(path, project) for path in files) or "mlflow.yml"
    run_env = loader.env
    try:
        content = _content(loader)
    except Exception as error:  # whatever a parser, a resolver or a loader of the owner's raises
        if type(error).__name__ == "MissingConfigException":
            return None
        told = redact_text(" ".join(str(error).split()))
        faults = no_mappings(files, project) or [f"{place} can't be read: {told}"]
        return MlflowYml(run_env, place, faults=tuple(faults))
    loaders = [lambda: loader, *([make_local] if make_local else [])]
    return _checked(content, loaders, list(hooks), project, run_env, place)


def _content(loader: Any) -> dict[str, Any]:
    from omegaconf import OmegaConf
    from omegaconf.resolvers import oc

    patterns = getattr(loader, "config_patterns", None)
    if isinstance(patterns, dict):
        patterns.setdefault(KEY, ["mlflow.yml", "mlflow.yaml"])
    # Kedro resolves `${oc.env:…}` for credentials only; a store's address is what differs most.
    with _resolvers:
        is_ours = not OmegaConf.has_resolver("oc.env")
        if is_ours:
            OmegaConf.register_new_resolver("oc.env", oc.env)
        try:
            return dict(loader[KEY] or {})
        finally:
            if is_ours:
                OmegaConf.clear_resolver("oc.env")


def _checked(  # noqa: PLR0913  what a file is checked against
    content: Mapping[str, Any],
    loaders: list[Callable[[], Any]],
    hooks: list[Any],
    project: Path,
    run_env: str | None,
    place: str,
) -> MlflowYml:
    if content.keys() & _KEDRO_MLFLOW.keys():
        return _of_kedro_mlflow(content, run_env, place)
    faults: list[str] = []
    notes: list[tuple[str, str]] = []
    given = dict(content)
    others, name = given.pop(HOOKS, None) or {}, given.pop(NAME_OF_ENTRY, None)
    basic = [hook for hook in hooks if _names(hook) & {"MLflowBasicLoggerHook"}]
    known = options_of(basic[0]) if basic else []
    for key in list(given):
        if basic and key not in known:
            names = [*known, HOOKS, NAME_OF_ENTRY]
            told = "it has the arguments of MLflowBasicLoggerHook, hooks and credentials"
            if str(key).startswith("MLflow"):
                told = f"write it below `{HOOKS}:`"
            faults.append(f"{place} has {masked_repr(key)}; {told}.{nearest(key, names)}")
            del given[key]
    faults += [f"{place}: {fault}" for hook in basic for fault in _faults_of(hook, given)]
    if isinstance(others, Mapping):
        others = {cls: _as_written(arguments) for cls, arguments in others.items()}
        for cls, arguments in others.items():
            wrong, unused = _of_hook(str(cls), arguments, hooks, place)
            faults += wrong
            notes += unused
    else:
        faults.append(f"{place}: `{HOOKS}` must have a hook class with its arguments in each line")
        others = {}
    variables: dict[str, str] = {}
    if name is not None:
        try:
            variables, missing = _credentials(name, loaders, project)
            notes += missing
        except ValueError as error:
            faults.append(f"{place}: {error}")
    return MlflowYml(
        run_env,
        place,
        given,
        {str(cls): arguments or {} for cls, arguments in others.items()},
        name if isinstance(name, str) else None,
        variables,
        tuple(faults),
        tuple(notes),
    )


def _as_written(arguments: Any) -> Any:
    """Return the arguments of a hook with `on`, which is True to YAML 1.1, as it stands."""
    if not isinstance(arguments, Mapping) or True not in arguments:
        return arguments
    return {"on" if name is True else name: value for name, value in arguments.items()}


def _of_hook(
    cls: str, arguments: Any, hooks: list[Any], place: str
) -> tuple[list[str], list[tuple[str, str]]]:
    from . import __all__ as core

    if cls == "MLflowBasicLoggerHook":
        return [f"{place}: the arguments of {cls} stand at the top, not below `{HOOKS}`"], []
    if not isinstance(arguments, Mapping | None):
        told = f"{cls} has {masked_repr(arguments)}; write `argument: value` below it"
        return [f"{place}: {told}"], []
    found = [hook for hook in hooks if cls in _names(hook)]
    if found:
        return [
            f"{place}: {fault}" for hook in found for fault in _faults_of(hook, arguments or {})
        ], []
    known = [name for name in (*core, *wings.hooks()) if name.endswith("Hook")]
    if cls in known:
        told = f"{place} has arguments for {cls}, which is no hook of this project"
        return [], [(cls, f"{told}; add it to mlflow_hooks in mlflow_config.py")]
    names = sorted({*known, *(name for hook in hooks for name in _names(hook))})
    return [f"{place}: {HOOKS} has {masked_repr(cls)}, which is no hook.{nearest(cls, names)}"], []


def _faults_of(hook: Any, arguments: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with arguments of a hook, as its class says it."""
    known = options_of(hook)
    wrong = [str(name) for name in arguments if name not in known]
    if wrong:
        cls = type(hook).__name__
        return [
            f"{cls} has no argument {masked_repr(name)}; it has {', '.join(known)}."
            f"{nearest(name, known)}"
            for name in wrong
        ]
    faults = [told for name, value in arguments.items() if (told := unfit(hook, name, value))]
    if not faults:
        try:
            with_options(hook, arguments)
        except (TypeError, ValueError) as error:
            faults.append(redact_text(str(error), secrets_in(arguments)))
    return faults


def _names(hook: Any) -> set[str]:
    """Return the names of the classes of a hook that take arguments; none of another's hook."""
    has_options = hasattr(hook, "_options")
    return {cls.__name__ for cls in type(hook).__mro__} - {"object"} if has_options else set()


def _credentials(
    name: object, loaders: list[Callable[[], Any]], project: Path
) -> tuple[dict[str, str], list[tuple[str, str]]]:
    from . import credentials

    if not isinstance(name, str):
        raise ValueError(
            f"`{NAME_OF_ENTRY}` must be the name of an entry of credentials.yml, where secrets "
            f"stand; move what is below it there"
        )
    entries: dict[str, Any] = {}
    for make in loaders:
        if name not in entries:
            entries.update(_all_credentials(make(), project))
    if name not in entries:
        told = f"credentials.yml has no entry {masked_repr(name)}"
        told += "; write it into conf/local/credentials.yml"
        raise ValueError(f"{told}.{nearest(name, list(entries))}")
    found, notes = credentials.variables_of(name, entries[name]), []
    for variable in credentials.file_variables():
        if variable in found:
            path = project / os.path.expanduser(found[variable])
            found[variable] = str(path)
            if not path.exists():
                notes.append((variable, f"the entry {name!r} names {path}, which is not there"))
    return credentials.with_name(name, found), notes


def _all_credentials(loader: Any, project: Path) -> dict[str, Any]:
    try:
        return dict(loader["credentials"] or {})
    except Exception as error:
        if type(error).__name__ == "MissingConfigException":
            return {}
        raise ValueError(why_credentials(loader, error, project)) from None


def _of_kedro_mlflow(content: Mapping[str, Any], run_env: str | None, place: str) -> MlflowYml:
    """Return what to do with a file of kedro-mlflow: it is refused, but where it is still used."""
    keys = [key for key in content if key in _KEDRO_MLFLOW]
    words = "; ".join(_KEDRO_MLFLOW[key] for key in keys)
    told = f"{place} is one of kedro-mlflow, and its keys are others here: {words}; {_TRANSLATES}"
    is_pure = len(keys) == len(content)
    if is_pure and (Path(__file__).with_name(_INSTALLED).exists() or _is_installed()):
        note = (KEY, f"{told}. It is not read, for kedro-mlflow is installed here too")
        is_told = Path(__file__).with_name(_INSTALLED).exists()  # by the installer, key for key
        return MlflowYml(run_env, place, notes=() if is_told else (note,))
    return MlflowYml(run_env, place, faults=(told,))


def _is_installed() -> bool:
    return find_spec("kedro_mlflow") is not None
