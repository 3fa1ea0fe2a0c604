"""Starts the exporter process, tells it what to do, and waits for it: the pipeline's side."""

import contextlib
import importlib.util
import json
import os
import selectors
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from .. import env, wings
from ..journal import places, processes
from ..logs import PlainLogger, only_warnings_of_mlflow
from ..settings import TrackingSettings
from .panel import progress_line
from .part import PartRefusedError, first_line, is_part, run_of

logger = PlainLogger(__name__)

# How long a run waits for one that was to begin at its start, and for what runs before it left.
_BEGIN_SECONDS = 10.0
_EARLIER_SECONDS = 5.0
_EXPORTER = f"{__name__.rpartition('.recording.')[0]}.exporting.process"


def can_export() -> bool:
    """Whether this environment has what an export needs; to record, nothing of MLflow is needed."""
    return importlib.util.find_spec("mlflow") is not None


class ExporterProcess:
    """A running exporter. It works through three lines on its standard input: store, run, end.

    Between them may be lines of `give`.

    Args:
        settings: where the run goes; URI and experiment travel through the pipe only, with the
            credentials in them.
        project_path: the project's folder, the exporter's working directory.
        cold: start it as a program of its own, whatever an optional room offers.
    """

    def __init__(self, settings: TrackingSettings, project_path: Path, cold: bool = False) -> None:
        self.project_path = project_path
        self.was_stopped = False
        temporary = str(places.temporary_folder(project_path))
        # It lives as long as the process.
        self._log = tempfile.TemporaryFile(dir=temporary)  # noqa: SIM115
        environ = {**env.for_child(__name__, __file__), "TMPDIR": temporary}
        forked = None if cold else self._forked(settings, environ)
        self._process: Any = forked or self._started(environ)
        about = {"uri": settings.uri, "experiment_name": settings.experiment_name}
        # Credentials too: an environment can be read by others, see proc(5).
        opens = {"credentials": dict(settings.credentials)} if settings.credentials else {}
        belongs = {"part_of": run_of(settings)} if is_part() else {}
        self._send({**about, **opens, **belongs, "pipeline": processes.myself()})

    def _forked(self, settings: TrackingSettings, environ: dict[str, str]) -> Any:
        """Return an exporter that an optional room has ready; None if there is none."""
        try:
            for start in wings.exporter_starts():
                with _error_output() as output:
                    streams = self._log.fileno(), output
                    place = self.project_path
                    found = start(settings.uri, settings.linger, streams, place, environ)
                if found is not None:
                    return found
        except Exception as error:
            logger.warning("No exporter is ready (%s), a new one is started.", error, exc_info=True)
        return None

    def _started(self, environ: dict[str, str]) -> "subprocess.Popen[bytes]":
        # A session of its own: Ctrl-C and a closed terminal end the pipeline, not the export.
        own_group: dict[str, Any] = (
            {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP")}  # noqa: B009  Windows
            if os.name == "nt"
            else {"start_new_session": True}
        )
        command = [sys.executable, "-m", _EXPORTER]
        with _error_output() as output:
            if os.name != "nt":  # Windows has no descriptors that a child could be given
                own_group["pass_fds"] = (output,)
                command.append(str(output))
            return subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                cwd=self.project_path,
                env=environ,
                **own_group,
            )

    def refuse_part(self) -> None:
        """Look whether the run that a part is to belong to is one; a store that is away is no no.

        Raises:
            PartRefusedError: it is none, or can't be this project's. The process has ended.
        """
        with contextlib.suppress(ValueError):
            told = json.loads(first_line(self._process.stdout, _BEGIN_SECONDS) or b"{}")
            if told.get("refused"):
                self.stop()
                raise PartRefusedError(told["refused"])

    def assign(self, journal: Path, export_wait: float, is_new: bool) -> None:
        """Tell it which run to export, and whether no other exporter has tried."""
        self._send({"journal": str(journal), "export_wait": export_wait, "is_new": is_new})

    def give(self, variables: Mapping[str, str]) -> None:
        """Give it environment variables that were not set, or not to this, when it was started."""
        self._send({"variables": dict(variables)})

    def finish(
        self, seconds: float, sides: Sequence[tuple[Path, str]], held: Sequence[str]
    ) -> dict[str, Any] | None:
        """Tell it that the run has ended, and wait for it.

        Args:
            seconds: how long at the most; then it is ended, and what it has not exported stays
                in the journal.
            sides: journals that go elsewhere, each with its tracking URI.
            held: events that the journal's disk refused, as lines of JSON.

        Returns:
            Its summary of the run, or None if it gave none.
        """
        targets = [[str(folder), uri] for folder, uri in sides]
        self._send({"end": True, "sides": targets, "held": list(held)})
        deadline = time.monotonic() + seconds
        if not self._has_begun(min(_BEGIN_SECONDS, seconds)):
            if seconds > _BEGIN_SECONDS:
                self._process.kill()
            else:
                self.stop()
            return None
        with progress_line() as show:
            left = deadline - time.monotonic()
            lines, is_closed = _read_to_end(self._process, left, show)
        summary = next((line for line in lines if "state" in line), None)
        is_last = summary is not None and summary.pop("is_last", False)
        if is_closed and not is_last:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=5)
        if self.is_alive() and summary is not None and (is_last or not is_closed):
            # Nobody waits for a long upload of another run, and it would never come to its end;
            # nor for a process that has nothing more to do.
            threading.Thread(target=self._process.wait, daemon=True).start()  # or it stays a zombie
            if not is_last:
                summary.setdefault("notes", []).append("the export of earlier runs goes on")
        elif self.is_alive():
            self.stop()
        return summary

    def _has_begun(self, seconds: float) -> bool:
        """Whether it works: one that hangs as it starts would be waited for in vain."""
        answers: Callable[[float], bool] | None = getattr(self._process, "answers", None)
        return answers is None or not self.is_alive() or answers(seconds)

    def stop(self) -> None:
        """End the process; safe at any moment, the journal has all that it needs."""
        self.was_stopped = True
        self._process.terminate()
        try:
            self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self.close()

    def close(self) -> None:
        """Close the pipes and the log of a process that has ended."""
        for stream in (self._process.stdin, self._process.stdout, self._log):
            assert stream is not None
            with contextlib.suppress(OSError):  # unsent words to a process that is gone
                stream.close()

    def complaint(self) -> str:
        """Return the last line that it wrote to its error output."""
        self._log.seek(0)
        lines = self._log.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else f"exit code {self._process.poll()}"

    def is_alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def _send(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()
        except OSError:  # it is gone; `finish` sees that
            logger.debug("The exporter has ended early.")


@contextlib.contextmanager
def _error_output() -> Iterator[int]:
    """Yield a duplicate of the error output, for the one line that can't wait for the run's end."""
    # Where it was closed as Python began, as of a daemon, its number is another file's by now.
    has_one = sys.__stderr__ is not None
    descriptor = os.dup(2) if has_one else os.open(os.devnull, os.O_WRONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _read_to_end(
    process: Any, seconds: float, show: Callable[[str], None]
) -> tuple[list[dict[str, Any]], bool]:
    """Return the lines that come on the standard output, and whether that was all of them.

    The last one may say itself that it is; its process then ends without anybody waiting for it.

    Args:
        process: the exporter.
        seconds: how long to read at the most.
        show: shows what the exporter is at.
    """
    lines: list[dict[str, Any]] = []
    deadline = time.monotonic() + seconds
    is_last = False

    def take(line: bytes) -> None:
        try:
            said = json.loads(line)
        except ValueError:  # half a line: it was killed, or a library has printed
            return
        if isinstance(said, dict):
            lines.append(said)
            if "state" in said:
                nonlocal deadline, is_last
                is_last = bool(said.get("is_last"))
                deadline = min(deadline, time.monotonic() + _EARLIER_SECONDS)
            if "progress" in said:
                show(str(said["progress"]))

    if sys.platform == "win32":  # pipes can't be waited for there, threads can

        def read() -> None:
            for line in process.stdout:
                take(line)

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        reader.join(seconds)
        return lines, not reader.is_alive()
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while (left := deadline - time.monotonic()) > 0:
            if not selector.select(left):
                break
            block = os.read(process.stdout.fileno(), 65536)
            *whole, rest = (rest + block).split(b"\n")
            for line in whole:
                take(line)
            if is_last or not block:
                return lines, True
    return lines, False


def export_here(
    folder: Path,
    settings: TrackingSettings,
    sides: list[tuple[Path, str]],
    held: list[str],
) -> dict[str, Any]:
    """Export a run that has ended from this very process, with `export="end"`.

    Args:
        folder: the run's journal folder.
        settings: where the run goes, with the credentials.
        sides: journals that go elsewhere, each with its tracking URI.
        held: events that the journal's disk refused, as lines of JSON.

    Returns:
        The exporter's summary of the run.
    """
    # Here is the one door from the pipeline's process to the exporter's code.
    from ..exporting.journals import export_each, export_journal
    from ..store.client import http_settings

    with http_settings(), only_warnings_of_mlflow(), env.added(settings.credentials):
        export_each(sides)
        until = time.monotonic() + settings.export_wait
        return export_journal(folder, settings.uri, held, until)
