"""An entry of `credentials.yml` that opens a store, as the variables that MLflow and boto3 read."""

import re
from collections.abc import Mapping
from typing import Any

from . import env
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
_LOGIN = ("username", "password", "token")
_USERNAME, _PASSWORD, _TOKEN = (VARIABLES[key] for key in _LOGIN)
# Half of this is never joined with half of another that stands in the environment.
_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE")
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


def with_name(name: str, variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of an entry, with one that says of which entry its login is.

    Args:
        name: the entry's name.
        variables: of the entry, or those of them that are in force.
    """
    keys = ",".join(key for key in _LOGIN if VARIABLES[key] in variables)
    others = {key: value for key, value in variables.items() if key != env.LOGIN_OF}
    return {**others, env.LOGIN_OF: f"{keys}@{name}"} if keys else others


def not_set(variables: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that an environment leaves open; what is set there wins.

    Args:
        variables: of an entry.
        environ: the environment. A pair of AWS keys in it wins as a whole, and so does a token;
            a password goes with the entry's user name, but no user name with another's password.
    """
    closed = {name for name in variables if environ.get(name)}
    if any(environ.get(name) for name in _KEYS):
        closed.update(_KEYS)
    if environ.get(_TOKEN):
        closed.update((_USERNAME, _PASSWORD))  # MLflow would prefer them
    if environ.get(_USERNAME) or environ.get(_PASSWORD):
        closed.add(_TOKEN)
    if environ.get(_USERNAME) and variables.get(_USERNAME) not in (None, environ[_USERNAME]):
        closed.add(_PASSWORD)
    left = {name: value for name, value in variables.items() if name not in closed}
    entry = variables.get(env.LOGIN_OF, "").partition("@")[2]
    return with_name(entry, left) if entry else left


def told_login(login_of: str) -> str:
    """Return what `with_name` has noted in words for people; "" for nothing.

    Example:
        >>> told_login("username,password@team")
        "username and password of the entry 'team' in credentials.yml"
    """
    keys, _, name = login_of.partition("@")
    words = keys.replace(",", " and ")
    return f"{words} of the entry {name!r} in credentials.yml" if words else ""


def secret_parts(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variables whose values must be masked: all but paths, addresses and switches."""
    plain = {
        *file_variables(),
        env.LOGIN_OF,
        *(VARIABLES[key] for key in ("username", "insecure_tls", "region_name", "endpoint_url")),
    }
    return {name: value for name, value in variables.items() if name not in plain}
