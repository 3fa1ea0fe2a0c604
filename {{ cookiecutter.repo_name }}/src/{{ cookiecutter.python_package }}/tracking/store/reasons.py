"""What is wrong with a store, in plain words, and whether trying again can help."""

import re

from ..redact import redact_text

_PERMANENT = frozenset(
    {"INVALID_PARAMETER_VALUE", "BAD_REQUEST", "RESOURCE_DOES_NOT_EXIST", "INVALID_STATE"}
)


class StoreError(Exception):
    """The tracking store can't be used, for a reason that its text tells to a user."""


def is_permanent(error: BaseException) -> bool:
    """Whether trying the same call again can't help: MLflow refused the content."""
    return str(getattr(error, "error_code", "")) in _PERMANENT


def reason(error: BaseException) -> str:
    """Return one line that says what is wrong, without credentials."""
    text = str(error).strip() or type(error).__name__
    if isinstance(error, ModuleNotFoundError) and error.name:
        package = error.name.partition(".")[0]
        text = f"this store needs the package {package!r}, which is not installed"
    elif "database is locked" in text:
        text = "the SQLite store is locked by another process"
    elif "database or disk is full" in text:
        text = "the disk of the store is full"
    elif code := re.search(r"too many (\d+) error responses", text):
        text = f"the MLflow server answers {code[1]}"
    elif "Max retries exceeded" in text or "Connection refused" in text:
        cause = "refuses connections" if "refused" in text else "cannot be reached"
        text = f"the MLflow server {cause}"
    elif "Read timed out" in text or "timed out" in text:
        text = "the MLflow server does not answer"
    return redact_text(text.splitlines()[0])[:500]
