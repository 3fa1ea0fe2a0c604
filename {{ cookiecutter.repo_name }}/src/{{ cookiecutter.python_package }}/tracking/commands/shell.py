"""`kedro mlflow env`: the project's store and experiment, for `mlflow` and scripts in a shell."""

import os
import shlex

from .. import env
from ..redact import redact_text, without_login
from ..settings import TrackingSettings

_LOGIN = "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"


def export_lines(settings: TrackingSettings) -> tuple[list[str], list[str]]:
    """Return the lines for a shell to evaluate, and what its user has to know besides.

    A password is never among them: shells keep histories, and jobs their logs.

    Args:
        settings: the project's, with absolute paths.
    """
    uri, notes = settings.uri, []
    if settings.credentials:
        names = ", ".join(sorted(settings.credentials))
        notes.append(f"What opens the store is not printed; set it from credentials.yml: {names}.")
    lines = [_export(env.EXPERIMENT_NAME, settings.experiment_name)]
    if redact_text(uri) == uri:
        return [_export(env.TRACKING_URI, uri), *lines], notes
    server = without_login(uri)
    if os.environ.get(env.TRACKING_URI) == uri:
        notes.append(f"{env.TRACKING_URI} holds a password and is set already; it stays as it is.")
    elif redact_text(server) == server:
        lines.insert(0, _export(env.TRACKING_URI, server))
        notes.append(f"The login in the tracking URI is not printed; set {_LOGIN}.")
    else:
        notes.append(
            f"{env.TRACKING_URI} is not printed, for it holds a password; set it to "
            f"{redact_text(uri)} with the password, or `mlflow` works on another store."
        )
    return lines, notes


def _export(name: str, value: str) -> str:
    return f"export {name}={shlex.quote(value)}"
