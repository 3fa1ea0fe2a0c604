"""What a run shows at its end: a panel on a terminal, plain lines elsewhere."""

import math
import os
import shlex
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from ..journal.events import as_shown
from ..program import mlflow_command

# Where no line can change, say in a file: one every so often.
_PROGRESS_SECONDS = 10.0
_WAITING = "waiting on disk"
_STYLE = {"FINISHED": "green", "FAILED": "red", "KILLED": "yellow"}


def show(summary: Mapping[str, Any], stream: TextIO | None = None) -> None:
    """Print the summary of a run: where it is, how it went, and its metrics beside other runs'.

    Args:
        summary: what the exporter says of the run, see `exporting/summary.py`.
        stream: where to; the error output by default, where Kedro's log goes too.
    """
    stream = stream or sys.stderr
    try:
        if stream.isatty():
            _show_panel(summary, stream)
        else:
            stream.write("\n".join(_lines(summary)) + "\n")
            stream.flush()
    except (OSError, ValueError):  # the stream is closed: there is nobody to show it to
        return


@contextmanager
def progress_line(stream: TextIO | None = None) -> Iterator[Callable[[str], None]]:
    """Show what the end of a run is at: a line that changes on a terminal, else one now and then.

    Args:
        stream: where to; the error output by default.

    Yields:
        What is to be called with each text.
    """
    stream = stream or sys.stderr
    shown: list[float] = []

    def show(text: str) -> None:
        with suppress(OSError, ValueError, AttributeError):  # closed: there is nobody to show it to
            if _takes_codes(stream):
                line = f"MLflow: {text}"[: shutil.get_terminal_size().columns - 1]
                stream.write(f"\r\x1b[2K{line}")  # of a longer one the last row only would go
            elif shown and time.monotonic() - shown[-1] < _PROGRESS_SECONDS:
                return
            else:
                stream.write(f"MLflow: {text}\n")
            stream.flush()
            shown.append(time.monotonic())

    try:
        yield show
    finally:
        with suppress(OSError, ValueError, AttributeError):
            if shown and _takes_codes(stream):
                stream.write("\r\x1b[2K")


def _takes_codes(stream: TextIO) -> bool:
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def facts(summary: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what is told of a run, as pairs of label and text."""
    rows = [("experiment", str(summary.get("experiment_name") or summary.get("experiment_id")))]
    if summary.get("run_name"):
        rows.append(("run", str(summary["run_name"])))
    if part := summary.get("part"):
        rows.append(("part", f"{part['task']}, try {part['try']}"))
    if summary.get("status"):
        rows.append(("status", str(summary["status"])))
    if summary.get("duration_s") is not None:
        rows.append(("duration", f"{summary['duration_s']:.1f} s"))
    if summary.get("state") != "exported":
        is_spilled = summary.get("state") == "spilled"
        rows.append(("spilled to" if is_spilled else _WAITING, str(summary.get("journal"))))
        if summary.get("error"):
            rows.append(("because", str(summary["error"])))
    rows += [(f"model {name}", str(told)) for name, told in summary.get("models", {}).items()]
    rows += [("note", str(note)) for note in summary.get("notes", ())]
    return rows


def next_command(summary: Mapping[str, Any]) -> str:
    """Return the one command to go on with."""
    state, run_env = summary.get("state"), summary.get("run_env")
    words = "ui" if state == "exported" else "sync"
    if state == "spilled":
        words = f"sync --from {shlex.quote(str(summary['journal']))}"
    return mlflow_command(f"{words} --env {shlex.quote(run_env)}" if run_env else words)


def metric_rows(summary: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    """Return name, value, previous and best value of each metric, the most telling first."""
    previous, best = summary.get("previous", {}), summary.get("best", {})
    return [
        (
            name,
            as_shown(value),
            _compared(value, previous.get(name)),
            _compared(value, best[name]) if name in best else "",
        )
        for name, value in summary.get("metrics", {}).items()
    ]


def _compared(value: float, other: float | None) -> str:
    if other is None:
        return "-"
    difference = value - other
    return (
        f"{as_shown(other)} ({difference:+.4g})" if math.isfinite(difference) else as_shown(other)
    )


def _lines(summary: Mapping[str, Any]) -> list[str]:
    lines = ["MLflow " + ", ".join(f"{label}: {text}" for label, text in facts(summary))]
    for name, value, previous, best in metric_rows(summary):
        others = f"  best {best}" if best else ""
        lines.append(f"  {name} = {value}  previous {previous}{others}")
    action = "open it" if summary.get("state") == "exported" else "export it"
    lines.append(f"  {action}: {next_command(summary)}")
    return lines


def _show_panel(summary: Mapping[str, Any], stream: TextIO) -> None:
    from rich.console import Console, Group
    from rich.panel import Panel
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    for label, text in facts(summary):
        style = _STYLE.get(text, "") if label == "status" else ""
        table.add_row(Text(label, style="dim"), Text(text, style=style, overflow="fold"))
    parts: list[Any] = [table]
    rows = metric_rows(summary)
    if rows:
        metrics = Table(box=None, padding=(0, 2), pad_edge=False)
        for heading in ("metric", "this run", "previous", "best other"):
            metrics.add_column(heading, justify="left" if heading == "metric" else "right")
        for row in rows:
            metrics.add_row(*(Text(cell) for cell in row))
        parts += [Text(""), metrics]
    parts += [Text(""), Text.assemble(("$ ", "dim"), (next_command(summary), "bold"))]
    color = "cyan" if summary.get("state") == "exported" else "yellow"
    console = Console(file=stream)
    console.print(Panel(Group(*parts), title="MLflow", border_style=color, expand=False))
