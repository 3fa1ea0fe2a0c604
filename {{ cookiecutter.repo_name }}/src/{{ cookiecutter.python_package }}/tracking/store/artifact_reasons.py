"""What is wrong with a store of artifacts, in plain words with the remedy."""

import re
from urllib.parse import urlsplit

from ..redact import redact_text
from .client import is_far, is_served
from .packages import missing_by, missing_for
from .reasons import reason

# What MLflow's client of a store takes its login from.
_LOGINS = {
    "s3": "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    "gs": "GOOGLE_APPLICATION_CREDENTIALS",
    "wasbs": "AZURE_STORAGE_CONNECTION_STRING",
    "abfss": "AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_CLIENT_SECRET",
}
_CORRECT = "in the environment or in mlflow.yml's entry of credentials.yml"
_AWAY = "{place} refuses connections or cannot be reached: start it, or correct its address"
# An MLflow server answers 500, or not in time, where the store behind it is away or refuses it.
_BEHIND = (
    "the MLflow server takes no artifacts: its own store of them may be away or refuse it, see the "
    "server's log"
)
# What clients say, in this order, and what it means with the remedy.
_SAID = (
    (
        r"NoSuchBucket|ContainerNotFound|FilesystemNotFound|bucket .*not.*exist"
        r"|specified (container|filesystem) does not exist",
        "{place} does not exist: make it, or correct `artifact_location`",
    ),
    (
        r"GSS initiate failed|SIMPLE authentication is not enabled",
        "no credentials for {place} are found: get a Kerberos ticket with `kinit`",
    ),
    (
        r"Unable to locate credentials|NoCredentials|DefaultCredentialsError"
        r"|Partial credentials|Anonymous caller|NoAuthenticationInformation"
        r"|need to set one of AZURE_STORAGE",
        "no credentials for {place} are found: set {login} " + _CORRECT,
    ),
    (
        r"ExpiredToken|token (has been|has|is) expired|TokenRefreshRequired"
        r"|Signature not valid in the specified time frame",
        "the login at {place} is expired: log in again",
    ),
    (
        r"^(BadAuthenticationType|(Authentication|Credential|PasswordRequired)Exception)"
        r"|No authentication methods available|not a valid RSA private key",
        "{place} refuses the login: correct the user and `IdentityFile` (an RSA key in PEM form) "
        "in ~/.ssh/config",
    ),
    (
        r"InvalidAccessKeyId|SignatureDoesNotMatch|AuthenticationFailed|invalid_grant|InvalidToken"
        r"|Authentication failed|(?i:server failed to authenticate)|Invalid Credentials|\b401\b"
        r"|InvalidAuthenticationInfo",
        "{place} refuses the credentials: correct them " + _CORRECT,
    ),
    (
        r"Incorrect padding|AzureSigningError|blank or malformed",
        "the credentials for {place} are no whole ones: correct them " + _CORRECT,
    ),
    (
        r"ClientAuthenticationError|CredentialUnavailableError",
        "no credentials for {place} are found: set {login} " + _CORRECT,
    ),
    (
        r"AccessDenied|AuthorizationPermissionMismatch|AuthorizationFailure|Forbidden|\b403\b"
        r"|[Pp]ermission denied",
        "{place} allows no writing with these credentials: permit it there, or use others",
    ),
    (r"Unable to load.*libjvm", "{place} needs Java: set JAVA_HOME to its folder"),
    (
        r"Unable to load.*libhdfs",
        "{place} needs Hadoop's libhdfs.so: set HADOOP_HOME to Hadoop's folder, or "
        "ARROW_LIBHDFS_DIR to that of the library",
    ),
    (
        r"CLASSPATH not set|NoClassDefFoundError|ClassNotFoundException",
        "{place} needs Hadoop's jars: set CLASSPATH to what "
        "`$HADOOP_HOME/bin/hadoop classpath --glob` prints",
    ),
    (
        r"UnsupportedClassVersionError|getSubject is not supported",
        "Hadoop does not run in this Java: set JAVA_HOME to a version that it supports",
    ),
    (
        r"No hostkey for host (?P<host>\S+) found|No Host Keys Found",
        "~/.ssh/known_hosts has no host key of {host}: add a line that begins with {host}, also "
        "where the port is not 22 (`[host]:port` is not looked at)",
    ),
    (
        r"^BadHostKeyException|Host key for server .*does not match",
        "the host key of {place} is not the first of its lines in ~/.ssh/known_hosts: correct it",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|SSL validation failed",
        "the certificate of {place} is not trusted: set {authority} to its authority's file",
    ),
    (
        r"Could not find a registered artifact repository",
        "MLflow knows no store of artifacts like {place}: `artifact_location` begins with s3, gs, "
        "wasbs, abfss, hdfs, sftp, or is a folder",
    ),
    (
        r"^ConnectionException|[Cc]onnection refused|Could not connect to the endpoint"
        r"|Failed to establish a new"
        r"|Unable to connect|NoRouteToHost|UnknownHostException|Failed to resolve"
        r"|Name or service not known|Temporary failure in name resolution",
        _AWAY,
    ),
    (r"[Tt]imed? ?out|Timeout|Deadline of", "{place} does not answer"),
    (r"Connection was closed|Connection aborted|reset by peer", "{place} breaks off connections"),
    (
        r"SlowDown|TooManyRequests|ServerBusy|\b429\b|\b503\b|[Nn]ame ?node is in safe ?mode",
        "{place} asks to come back later",
    ),
)


def place_of(location: str) -> str:
    """Return the store of artifacts that a location is in, without folders and credentials.

    Example:
        >>> place_of("s3://bucket/iris/1/artifacts")
        's3://bucket'
    """
    url = urlsplit(location)
    return redact_text(f"{url.scheme}://{url.netloc}")


def no_answer(location: str) -> str:
    """Return what to say of a store of artifacts that hangs."""
    if is_served(location):
        return _BEHIND
    if not is_far(location):
        return "the MLflow server does not answer"
    return f"{place_of(location)} does not answer"


def artifact_reason(error: BaseException, location: str) -> str:
    """Return one line that says why an artifact could not be uploaded, without credentials.

    Args:
        error: what the upload raised.
        location: where the run's artifacts lie.
    """
    if is_served(location) or not is_far(location):
        told = reason(error)
        is_behind = re.match("the MLflow server (answers 500|does not answer)", told)
        return _BEHIND if is_served(location) and is_behind else told
    # Of two threads that import one package at once Python may refuse one: the next try has it.
    is_there = isinstance(error, ImportError) and missing_for(location) is None
    if not is_there and (missing := missing_by(error)):
        return missing
    text = f"{type(error).__name__}: {error}"
    for pattern, meaning in _SAID:
        if match := re.search(pattern, text):
            scheme = urlsplit(location).scheme
            return meaning.format(
                place=place_of(location),
                host=match.groupdict().get("host") or urlsplit(location).hostname,
                login=_LOGINS.get(scheme, "them"),
                authority="AWS_CA_BUNDLE" if scheme == "s3" else "REQUESTS_CA_BUNDLE",
            )
    return f"{place_of(location)}: {reason(error)}"
