"""Tells the user of a run, while its first nodes run, that the store does not take it."""

import os
import threading
from contextlib import suppress

from ..redact import redact_text

# So long the store may be silent; and so long the pipeline's error output is held open at the most.
SECONDS = 10.0
# Of a terminal, where the pipeline's progress may stand on the line.
_CLEAR_LINE = "\r\x1b[2K"


class EarlyWord:
    """One line on the pipeline's error output; from here, so that no node waits for it or looks.

    Args:
        descriptor: a duplicate of that output, None where there is none. It is closed as soon as
            it is known whether the store takes the run, or the pipeline is gone: whoever reads the
            output to its end, say a pipe, must not wait for the exporter.
    """

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor
        self._lock = threading.Lock()
        self._has_answered = False
        self._has_begun = False
        self._why: str | None = None
        self._timer = threading.Timer(SECONDS, self._no_answer)
        self._timer.daemon = True

    def begin(self) -> None:
        """Say what there is to say, for the run has begun; before, it may be that none comes."""
        with self._lock:
            self._has_begun = True
            if self._descriptor is not None:
                self._timer.start()
        self._say()

    def answered(self) -> None:
        """Note that the store can be asked; whether it takes a run is not known yet."""
        self._has_answered = True

    def tell(self, why: str) -> None:
        """Say why the run can't be exported now; the first call counts, and none after `close`."""
        with self._lock:
            self._why = self._why or why
        self._say()

    def close(self) -> None:
        """Let go of the output."""
        self._timer.cancel()
        with self._lock, suppress(OSError):
            descriptor, self._descriptor = self._descriptor, None
            if descriptor is not None:
                os.close(descriptor)

    def _say(self) -> None:
        with self._lock:
            if not self._has_begun or self._why is None:
                return
            line = (
                f"MLflow: {self._why}. The pipeline goes on; its run is kept on disk until MLflow "
                "takes it.\n"
            )
            with suppress(OSError):  # nobody reads it any more
                if self._descriptor is not None:
                    takes_codes = os.isatty(self._descriptor) and os.environ.get("TERM") != "dumb"
                    begin = _CLEAR_LINE if takes_codes else ""
                    told = f"{begin}{redact_text(line)}"
                    os.write(self._descriptor, told.encode("utf-8", "replace"))
        self.close()

    def _no_answer(self) -> None:
        if self._has_answered:
            self.close()
        else:
            self.tell(f"the store has not answered for {SECONDS:g} s")
