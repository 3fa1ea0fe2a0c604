"""Where each setting that is in force comes from."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .. import env, project
from ..arguments import given_options
from ..kedro_internals import project_package
from ..redact import masked_repr, redact_value
from ..settings import TrackingSettings

# Setting -> the variable that wins over all files.
_VARIABLES = {
    "uri": env.TRACKING_URI,
    "experiment_name": env.EXPERIMENT_NAME,
    "experiment_id": env.EXPERIMENT_ID,
    "run_id": env.RUN_ID,
    "export": env.EXPORT,
    "keep_journal": env.KEEP_JOURNAL,
    "linger": env.LINGER,
    "enable_mlflow": env.ENABLED,
}
# Told whatever they are; the others only where somebody has set them.
_ALWAYS = ("uri", "experiment_name", "artifact_location", "export")


def in_force(
    hook: Any, settings: TrackingSettings, found: Any, root: Path
) -> Iterator[tuple[str, str]]:
    """Yield each setting with its value, and the place that says so.

    Args:
        hook: the hook that holds the settings, as the project's code has it.
        settings: those in force, with absolute paths.
        found: what `mlflow.yml` says, or None.
        root: the project's folder.
    """
    in_python = {} if hook is None else given_options(hook)
    in_yml = {} if found is None else dict(found.arguments)
    values = {**in_python, **in_yml, **vars(settings)}
    names = [*_ALWAYS, *sorted({*in_python, *in_yml, *_set()} - {*_ALWAYS})]
    for name in names:
        given = env.users(_VARIABLES[name]) if name in _VARIABLES else None
        value = redact_value(given if name == "enable_mlflow" and given else values.get(name), name)
        if given:
            place = f"the variable {_VARIABLES[name]}"
        elif name in in_yml:
            place = _file_of(name, found, root)
        elif name in in_python:
            place = _file_of_hooks()
        else:
            place = "the default"
        if name == "artifact_location" and value is None:
            value, place = "what the server says", "its own say"
        yield name, f"{value}  ({place})"
    if found is not None:
        for cls, arguments in found.hooks.items():
            told = ", ".join(f"{key}={masked_repr(value, key)}" for key, value in arguments.items())
            yield cls, f"{told}  ({_file_of('hooks', found, root)})"
        if found.credentials_name:
            names = sorted({*settings.credentials} - {env.LOGIN_OF})
            hidden = sorted({*found.credentials} - {*names, env.LOGIN_OF})
            told = f"{found.credentials_name}: {', '.join(names) or 'nothing'}"
            if won := [one for one in hidden if os.environ.get(one)]:
                told += f"; the environment wins for {', '.join(won)}"
            if unused := [one for one in hidden if one not in won]:
                told += f"; not used beside what the environment has: {', '.join(unused)}"
            yield "credentials", f"{told}  ({_file_of('credentials', found, root)})"


def _set() -> list[str]:
    return [name for name, variable in _VARIABLES.items() if env.users(variable)]


def _file_of(name: str, found: Any, root: Path) -> str:
    """Return which of the files has a key: the last one wins, as in Kedro."""
    import yaml
    from kedro.framework.project import settings

    files = project.files_of_env(root / str(settings.CONF_SOURCE), found.run_env)
    for path in reversed(files):
        try:
            content = yaml.safe_load(path.read_text("utf8"))
        except (OSError, ValueError, yaml.YAMLError):
            continue
        if isinstance(content, dict) and name in content:
            return os.path.relpath(path, root)
    return str(found.place)


def _file_of_hooks() -> str:
    """Return the file of the project's package that makes the hooks."""
    name = f"{project_package()}.mlflow.mlflow_config"
    return "mlflow_config.py" if name in sys.modules else "settings.py"
