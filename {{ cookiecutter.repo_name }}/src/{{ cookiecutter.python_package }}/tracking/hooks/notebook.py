"""What a notebook gets: MLflow on the project's store, and pictures that are shown."""

import os
import re
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

from .. import env
from ..logs import PlainLogger
from ..recording import lifecycle
from ..redact import redact_text
from ..settings import TrackingSettings, sqlite_path

logger = PlainLogger(__name__)

_STARTS = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}


def prepare(settings: TrackingSettings, project_path: Path) -> None:
    """Make `mlflow.search_runs()` and pictures of the catalog work in a notebook; no-op elsewhere.

    MLflow is told through its environment variables, so that it is imported by who uses it only.

    Args:
        settings: those of the project, without the environment's say.
        project_path: the project's folder.
    """
    shell = _shell()
    if shell is None:
        return
    _show_pictures(shell)
    shell.events.register("post_run_cell", _end_broken_off)
    resolved = settings.resolved(project_path)
    # What is in the environment is seen by all that the notebook starts, and shown by `%env`.
    has_password = redact_text(resolved.uri) != resolved.uri
    env.offer(env.TRACKING_URI, None if has_password else resolved.uri)
    if has_password and not env.users(env.TRACKING_URI):
        logger.warning(
            "MLflow is not told the project's store, whose URI holds a password; set %s to use "
            "`mlflow` itself in this notebook. Runs are recorded all the same.",
            env.TRACKING_URI,
        )
    # Of an experiment that is not there yet MLflow would put the artifacts beside the notebook.
    exists = not os.environ.get(env.EXPERIMENT_ID) and _is_there(resolved)
    env.offer(env.EXPERIMENT_NAME, resolved.experiment_name if exists else None)


def _shell() -> Any:
    """Return the running IPython, None in any other process."""
    ipython = sys.modules.get("IPython")
    return None if ipython is None else ipython.get_ipython()


def _end_broken_off(*_result: object) -> None:
    """End a run that the stop button broke off, of which Kedro tells no hook."""
    lifecycle.end_broken_off_runs("its cell has ended")


def _is_there(settings: TrackingSettings) -> bool:
    from ..store.sqlite import has_experiment

    path = sqlite_path(settings.uri)
    # A server knows where artifacts go.
    return path is None or has_experiment(path, settings.experiment_name)


def _show_pictures(shell: Any) -> None:
    """Let IPython show what `catalog.load` returns of a picture; the values stay what they are."""
    formatters = shell.display_formatter.formatters
    for kind, start in _STARTS.items():
        formatters[kind].for_type(bytes, lambda data, s=start: data if data.startswith(s) else None)
    formatters["text/plain"].for_type(bytes, _named)  # or the notebook's file holds it twice
    formatters["image/svg+xml"].for_type(str, _svg)
    figure, png = "matplotlib.figure", formatters["image/png"]
    if (figure, "Figure") not in png.deferred_printers and not _has_printer(png, figure):
        png.for_type_by_name(figure, "Figure", _drawn)


def _named(data: bytes, printer: Any, _cycle: bool) -> None:
    """Write the text that stands for bytes where no picture can be shown."""
    kind = next((kind for kind, start in _STARTS.items() if data.startswith(start)), None)
    printer.text(f"<{kind}, {len(data)} bytes>" if kind else repr(data))


def _has_printer(formatter: Any, module: str) -> bool:
    """Whether Matplotlib's own way to show its figures is set up."""
    figure = getattr(sys.modules.get(module), "Figure", None)
    return figure in formatter.type_printers


def _svg(text: str) -> str | None:
    return text if re.match(r"\s*(<\?xml.*?\?>\s*|<!.*?>\s*)*<svg", text, re.DOTALL) else None


def _drawn(figure: Any) -> bytes:
    content = BytesIO()
    figure.savefig(content, format="png", bbox_inches="tight")
    return content.getvalue()
