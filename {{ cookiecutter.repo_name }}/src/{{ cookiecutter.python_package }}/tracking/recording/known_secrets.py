"""The secrets that a run must not let through: of the configuration, the environment, the store."""

import os
from typing import Any

from ..redact import merged, secret_values, secrets_in
from ..settings import TrackingSettings

_configuration: tuple[str, ...] = ()


def note_secrets(conf_catalog: Any, conf_creds: Any, parameters: Any) -> tuple[str, ...]:
    """Note the secrets of a project's configuration, the last that this process has read.

    Returns:
        These secrets.
    """
    global _configuration  # noqa: PLW0603  of the process, as the configuration is
    _configuration = merged(
        secret_values(conf_creds), secrets_in(conf_catalog), secrets_in(parameters)
    )
    return _configuration


def known_secrets(
    settings: TrackingSettings, parameters: Any = None, configuration: Any = None
) -> tuple[str, ...]:
    """Return all secrets that are known.

    Args:
        settings: those of the run, whose URI may hold a password.
        parameters: what a run was given besides its configuration.
        configuration: the secrets of its configuration; of the last that was read if None.
    """
    opens: tuple[str, ...] = ()
    if settings.credentials:
        from ..credentials import secret_parts

        opens = secret_values(secret_parts(settings.credentials))
    return merged(
        opens,
        _configuration if configuration is None else configuration,
        secrets_in({"uri": settings.uri}),
        secrets_in(dict(os.environ)),
        secrets_in(parameters),
    )
