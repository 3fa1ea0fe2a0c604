"""Looks at the memory of processes while they run."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from types import TracebackType

from .processes import Tree, memory, named
from .store import NothingMeasured

PERIOD_S = 0.05


class Watch:
    """Samples the memory of the processes of a tree, as long as the `with` block takes.

    Args:
        tree: the processes.
        words: of each kind of process, what its command line holds.
    """

    def __init__(self, tree: Tree, words: Mapping[str, bytes]) -> None:
        self.tree = tree
        self.words = words
        # MB: `<kind>_private`, the most that one process which came meanwhile had for itself, and
        # `<kind>_together`, the most that all of the kind took, those that were there before too.
        self.peaks: dict[str, float] = {}
        self._here = set(tree.living())
        self._end = threading.Event()
        self._error: OSError | None = None
        self._thread = threading.Thread(target=self._look_on, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._end.set()
        self._thread.join()
        if self._error is not None and error is None:
            raise NothingMeasured(f"the memory of a process is not told: {self._error}")

    def private_now(self, kind: str) -> float:
        """Return the MB that the processes of a kind have for themselves; 0 if there are none."""
        found = named(self.tree.living().keys(), self.words[kind])
        return sum(memory(pid)["private"] for pid in found)

    def _look_on(self) -> None:
        try:
            while not self._end.wait(PERIOD_S):
                living = self.tree.living().keys()
                for kind, word in self.words.items():
                    self._look(kind, {pid: memory(pid) for pid in named(living, word)})
        except OSError as error:  # another user's, or one that hides itself
            self._error = error

    def _look(self, kind: str, found: Mapping[int, Mapping[str, float]]) -> None:
        new = [pages["private"] for pid, pages in found.items() if pid not in self._here]
        together = sum(pages["part"] for pages in found.values())
        values = {f"{kind}_private": max(new, default=0.0), f"{kind}_together": together}
        for name, value in values.items():
            self.peaks[name] = max(self.peaks.get(name, 0.0), value)
