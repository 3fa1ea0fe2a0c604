"""What is wrong with a store of artifacts, in plain words with the remedy."""

import re
from urllib.parse import urlsplit

from ..redact import redact_text
from .client import is_far, is_served
from .packages import missing_by, missing_for
from .reasons import reason

# What clients say, in this order, and what it means; `{place}` is the store.
_SAID = (
    (r"NoSuchBucket|specified bucket does not exist|bucket .*not.*exist", "{place} does not exist"),
    (r"ContainerNotFound|specified container does not exist", "{place} does not exist"),
    (
        r"Unable to locate credentials|NoCredentials|DefaultCredentialsError"
        r"|Partial credentials|ClientAuthenticationError|Anonymous caller"
        r"|GSS initiate failed|SIMPLE authentication is not enabled",
        "no credentials for {place} are found",
    ),
    (
        r"ExpiredToken|token (has|is) expired|TokenRefreshRequired",
        "the login at {place} is expired",
    ),
    (
        r"InvalidAccessKeyId|SignatureDoesNotMatch|AuthenticationFailed|invalid_grant"
        r"|Authentication failed|BadAuthenticationType|server failed to authenticate",
        "{place} refuses the credentials",
    ),
    (
        r"AccessDenied|AuthorizationPermissionMismatch|AuthorizationFailure|Forbidden|\b403\b"
        r"|[Pp]ermission denied",
        "{place} allows no writing with these credentials",
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
    (r"No hostkey for host", "the host key of {place} is not in ~/.ssh/known_hosts"),
    (
        r"CERTIFICATE_VERIFY_FAILED|SSL validation failed",
        "the certificate of {place} is not trusted",
    ),
    (
        r"[Cc]onnection refused|Could not connect to the endpoint|Failed to establish a new"
        r"|Unable to connect|NoRouteToHost|UnknownHostException",
        "{place} refuses connections or cannot be reached",
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
    if not is_far(location) or is_served(location):
        return "the MLflow server does not answer"
    return f"{place_of(location)} does not answer"


def artifact_reason(error: BaseException, location: str) -> str:
    """Return one line that says why an artifact could not be uploaded, without credentials.

    Args:
        error: what the upload raised.
        location: where the run's artifacts lie.
    """
    if is_served(location) or not is_far(location):
        return reason(error)
    # Of two threads that import one package at once Python may refuse one: the next try has it.
    is_there = isinstance(error, ImportError) and missing_for(location) is None
    if not is_there and (missing := missing_by(error)):
        return missing
    text = f"{type(error).__name__}: {error}"
    for pattern, meaning in _SAID:
        if re.search(pattern, text):
            return meaning.format(place=place_of(location))
    return f"{place_of(location)}: {reason(error)}"
