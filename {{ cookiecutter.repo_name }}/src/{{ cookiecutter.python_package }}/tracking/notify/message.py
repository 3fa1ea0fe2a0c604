"""The words of a message: how a run has ended, where, and why."""

from ..exporting.ending import Ended
from ..redact import redact_text, without_login

_MAX_ERROR = 300
_MINUTE, _HOUR = 60, 3600


def message_of(ended: Ended, host: str | None, secrets: tuple[str, ...]) -> tuple[str, str]:
    """Return title and text of the message about a run.

    Args:
        ended: how it has ended.
        host: where it ran; None for more than one host.
        secrets: values that are masked wherever they occur.
    """
    title = f"{ended.status}: MLflow run {ended.run_name or 'without a name yet'}"
    about = [f"pipeline {ended.pipeline}", f"experiment {ended.experiment_name}"]
    about += [] if host is None else [f"on {host}"]
    about += [] if ended.seconds is None else [f"after {_told(ended.seconds)}"]
    lines = [", ".join(about)]
    if ended.status != "FINISHED":
        words = [f"node {ended.failed_node}"] if ended.failed_node else []
        words += [_short(ended.error)] if ended.error else []
        lines += [": ".join(words)] if words else []
    if ended.missing is not None:
        lines.append(f"not in MLflow yet: {_short(ended.missing)}")
    elif page := page_of(ended):
        lines.append(page)
    return redact_text(title, secrets), redact_text("\n".join(lines), secrets)


def page_of(ended: Ended) -> str | None:
    """Return the address of a run's page; None where no server shows it."""
    uri = ended.tracking_uri
    if not uri.startswith(("http://", "https://")) or ended.run_id is None:
        return None
    server = without_login(uri).rstrip("/")
    return f"{server}/#/experiments/{ended.experiment_id}/runs/{ended.run_id}"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _MAX_ERROR else f"{line[: _MAX_ERROR - 1]}…"


def _told(seconds: float) -> str:
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"
    minutes = int(seconds // _MINUTE)
    if seconds < _HOUR:
        return f"{minutes} min {int(seconds % _MINUTE)} s"
    return f"{minutes // _MINUTE} h {minutes % _MINUTE} min"
