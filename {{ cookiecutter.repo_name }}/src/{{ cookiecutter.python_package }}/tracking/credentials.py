"""An entry of `credentials.yml` that opens a store, as the variables that MLflow and boto3 read."""

import re
from collections.abc import Mapping
from typing import Any

from .arguments import nearest

# Key of the entry -> environment variable. In pairs: a mapping would be masked in the patch of a
# run, as one of secrets.
_TABLE = (
    ("username", "MLFLOW_TRACKING_USERNAME"),
    ("password", "MLFLOW_TRACKING_PASSWORD"),
    ("token", "MLFLOW_TRACKING_TOKEN"),
    ("ca_file", "MLFLOW_TRACKING_SERVER_CERT_PATH"),
    ("client_cert", "MLFLOW_TRACKING_CLIENT_CERT_PATH"),
    ("insecure_tls", "MLFLOW_TRACKING_INSECURE_TLS"),
    ("aws_access_key_id", "AWS_ACCESS_KEY_ID"),
    ("aws_secret_access_key", "AWS_SECRET_ACCESS_KEY"),
    ("aws_session_token", "AWS_SESSION_TOKEN"),
    ("region_name", "AWS_DEFAULT_REGION"),
    ("endpoint_url", "MLFLOW_S3_ENDPOINT_URL"),
    ("google_application_credentials", "GOOGLE_APPLICATION_CREDENTIALS"),
    ("azure_storage_connection_string", "AZURE_STORAGE_CONNECTION_STRING"),
    ("azure_storage_access_key", "AZURE_STORAGE_ACCESS_KEY"),
)
VARIABLES = dict(_TABLE)
# Paths, which may be relative to the project.
_FILES = ("ca_file", "client_cert", "google_application_credentials")
# Other variables of theirs are taken by their own names, and none of another program's.
_OWN_NAME = re.compile(r"(MLFLOW|AWS|GOOGLE|AZURE)_[A-Z0-9_]+")
# What says where runs go is no credential; of each, the key of `mlflow.yml`.
_ELSEWHERE = {
    "MLFLOW_TRACKING_URI": "uri",
    "MLFLOW_EXPERIMENT_NAME": "experiment_name",
    "MLFLOW_EXPERIMENT_ID": "experiment_name",
    "MLFLOW_RUN_ID": "run_id",
}
# Half of one of these is never joined with half of another that stands in the environment.
_TOGETHER = (
    ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN"),
    ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"),
)
_PAIRS = (("username", "password"), ("aws_access_key_id", "aws_secret_access_key"))


def variables_of(name: str, entry: object) -> dict[str, str]:
    """Return the environment variables that an entry of `credentials.yml` stands for.

    Args:
        name: the entry's name, for messages; no message has a value.
        entry: the entry.

    Raises:
        ValueError: a key that is none, with the nearest right name; or half of a pair.
    """
    if not isinstance(entry, Mapping):
        raise ValueError(f"the entry {name!r} of credentials.yml is no mapping of keys and values")
    found: dict[str, str] = {}
    for key, value in entry.items():
        variable = _variable_of(name, str(key))
        if value is None:
            continue
        if isinstance(value, bool):
            value = str(value).lower()
        if not isinstance(value, str | int | float):
            raise ValueError(f"{key!r} in the entry {name!r} of credentials.yml is no text")
        found[variable] = str(value)
    for pair in _PAIRS:
        for one, other in (pair, pair[::-1]):
            if VARIABLES[one] in found and VARIABLES[other] not in found:
                raise ValueError(
                    f"the entry {name!r} of credentials.yml has {one!r} and no {other!r}"
                )
    if VARIABLES["token"] in found and VARIABLES["password"] in found:
        raise ValueError(
            f"the entry {name!r} of credentials.yml has a token and a password; MLflow takes one"
        )
    return found


def _variable_of(name: str, key: str) -> str:
    if key in VARIABLES:
        return VARIABLES[key]
    if key in _ELSEWHERE:
        raise ValueError(
            f"{key!r} in the entry {name!r} of credentials.yml is no credential; "
            f"write {_ELSEWHERE[key]!r} in mlflow.yml"
        )
    if _OWN_NAME.fullmatch(key):
        return key
    raise ValueError(
        f"the entry {name!r} of credentials.yml has {key!r}; it takes {', '.join(VARIABLES)}, and "
        f"variables of MLflow, AWS, Google and Azure by their own names."
        f"{nearest(key, list(VARIABLES))}"
    )


def file_variables() -> list[str]:
    """Return the variables that hold the path of a file."""
    return [VARIABLES[key] for key in _FILES]


def not_set(variables: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that an environment leaves open; what is set there wins.

    Args:
        variables: of an entry.
        environ: the environment. A login or a pair of keys in it wins as a whole.
    """
    closed = {name for name in variables if environ.get(name)}
    for group in _TOGETHER:
        if any(environ.get(name) for name in group):
            closed.update(group)
    return {name: value for name, value in variables.items() if name not in closed}


def secret_parts(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variables whose values must be masked: all but paths, addresses and switches."""
    plain = {
        *file_variables(),
        *(VARIABLES[key] for key in ("username", "insecure_tls", "region_name", "endpoint_url")),
    }
    return {name: value for name, value in variables.items() if name not in plain}
