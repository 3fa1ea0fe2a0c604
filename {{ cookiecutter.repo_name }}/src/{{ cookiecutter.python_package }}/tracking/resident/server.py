"""The resident: imports what an exporter needs, and forks one for each run that asks.

Started by `client.py` as a program. It has no thread, no store, no terminal, no variable of a run:
what a run needs, its fork is given through its connection.
"""

import contextlib
import gc
import os
import selectors
import signal
import socket
import sys
import time
from pathlib import Path

from ..exporting.companions import Companions
from ..exporting.process import NICENESS
from ..journal.packages import own_label
from ..store.client import prepare_environment
from ..store.lean_imports import import_early
from . import fork
from .client import LEAVE, ask, connect, peer
from .place import SQL, SUFFIX

BACKLOG = 64
# Of one user, in one folder; where more are wanted, the one that was idle longest leaves.
MAX_RESIDENTS = 4


class Resident:
    """Listens, forks, and leaves when nobody came for a while.

    Args:
        path: its socket's path.
        linger: how long it stays after its last run, in seconds.
    """

    def __init__(self, path: Path, linger: float) -> None:
        self.path = path
        self.linger = linger
        self.own = fork.Inherited()
        os.set_blocking(self.own.words[0], False)
        for end in self.own.wake:
            end.setblocking(False)
        self._children: set[int] = set()
        self._inode: int | None = None
        self._idle_since = time.monotonic()
        self._leaves = False

    def serve(self, first: socket.socket, companions: Companions) -> None:
        """Fork for the run that started it, and then for each that asks, until nobody does.

        Args:
            first: the connection to the run that started it.
            companions: those of that run.
        """
        signal.signal(signal.SIGTERM, lambda *_: self._leave())
        signal.signal(signal.SIGCHLD, lambda *_: None)  # that it wakes us is all
        signal.set_wakeup_fd(self.own.wake[1].fileno(), warn_on_full_buffer=False)
        self._fork(first, companions)
        self._listen()
        with selectors.DefaultSelector() as selector:
            selector.register(self.own.words[0], selectors.EVENT_READ, self._read_words)
            selector.register(self.own.wake[0], selectors.EVENT_READ, self._reap)
            if self.own.listener is not None:
                selector.register(self.own.listener, selectors.EVENT_READ, self._accept)
            while not self._leaves:
                for key, _ in selector.select(self._seconds_left()):
                    key.data()
                if self._seconds_left() == 0 or not (self._children or self._is_found()):
                    break
        if self._is_found():
            with contextlib.suppress(OSError):
                self.path.unlink()

    def _listen(self) -> None:
        """Take the place of whoever listened here before, and send away who is out of date."""
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        fresh = self.path.with_name(f"{os.getpid()}.new")
        try:
            fresh.unlink(missing_ok=True)  # of another one, killed at the next line
            listener.bind(os.fspath(fresh))
            listener.listen(BACKLOG)
            self._inode = fresh.stat().st_ino
            before = connect(self.path)
            fresh.rename(self.path)
        except OSError:  # the disk is full, or the folder is gone: only the first run is served
            listener.close()
            return
        self.own.listener = listener
        _send_away(before)  # one that answered too late; asleep, it would not notice
        family = self.path.name.partition("-")[0]
        others = {path: _used(path) for path in self.path.parent.glob(f"*{SUFFIX}")}
        newest = sorted(others, key=lambda path: (path == self.path, others[path]))
        for path in newest[:-1]:
            outdated = path.name.startswith(f"{family}-")
            if outdated or path not in newest[-MAX_RESIDENTS:]:
                _send_away(connect(path))
                # One that hangs leaves when it finds that it has no place any more.
                path.unlink(missing_ok=True)

    def _is_found(self) -> bool:
        """Whether its socket can still be found: nobody has taken its place."""
        try:
            return self.path.lstat().st_ino == self._inode
        except OSError:
            return False

    def _seconds_left(self) -> float | None:
        """Return how long it stays if nobody comes; None while a fork works, whose end wakes it."""
        if self._children:
            return None
        return max(0.0, self._idle_since + self.linger - time.monotonic())

    def _accept(self) -> None:
        assert self.own.listener is not None
        try:
            connection, _ = self.own.listener.accept()
        except OSError:  # whoever it was has gone
            return
        if peer(connection)[1] == os.geteuid():
            self._fork(connection)
        connection.close()

    def _fork(self, connection: socket.socket, companions: Companions | None = None) -> None:
        # Closed without a word where there can be no fork: the run then starts an exporter itself.
        with connection, contextlib.suppress(OSError):
            child = os.fork()
            if child == 0:
                fork.main(self.own, connection, companions)
            self._children.add(child)

    def _read_words(self) -> None:
        """Read what forks say: a run and how long to stay after it, or that it is to leave."""
        with contextlib.suppress(BlockingIOError):
            for word in os.read(self.own.words[0], 65536).decode("ascii").split():
                if word == LEAVE.decode():
                    self._leave()
                else:
                    self.own.runs += 1
                    self.linger = float(word)
                    self._idle_since = time.monotonic()
                    with contextlib.suppress(OSError):
                        os.utime(self.path)

    def _reap(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self.own.wake[0].recv(4096)
        self._read_words()
        for child in list(self._children):
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                self._children.discard(child)
                if os.waitstatus_to_exitcode(status) != fork.NO_RUN:
                    self._idle_since = time.monotonic()

    def _leave(self) -> None:
        self._leaves = True


def _send_away(connection: socket.socket | None) -> None:
    """Ask a resident to leave; it may have done so."""
    if connection is not None:
        with connection:
            ask(connection, LEAVE, seconds=0.2)


def _used(path: Path) -> float:
    """Return when the last run came to a socket."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def main(arguments: list[str]) -> None:
    """Become a resident: away from who started it, then the imports, then the first run.

    Args:
        arguments: the descriptor of the first run's connection, the socket's path, the kind of
            store, and how long to stay.
    """
    descriptor, path, kind, linger = arguments
    if os.fork():
        os._exit(0)  # who started it waits for this process only
    os.setsid()
    os.nice(NICENESS)
    gc.disable()  # 2,000 modules are imported and stay
    resident = Resident(Path(path), float(linger))
    first = socket.socket(fileno=int(descriptor))
    first.set_inheritable(False)
    # Nodes of the first run are at work during the imports; later ones are forked for at once.
    companions = Companions({"pid": peer(first)[0]})
    prepare_environment()
    import_early(database=kind == SQL)
    own_label()
    companions.pause()
    gc.collect()
    gc.freeze()  # a fork that collects would copy all that it only reads
    if _has_threads():
        # A thread of a plugin of MLflow's: a fork would lose it, so this process exports itself.
        fork.main(resident.own, first, companions)
    resident.serve(first, companions)


def _has_threads() -> bool:
    """Whether there is another thread than this one; one that was joined goes in a moment."""
    for _ in range(20):
        if len(os.listdir("/proc/self/task")) == 1:
            return False
        time.sleep(0.005)
    return True


if __name__ == "__main__":
    main(sys.argv[1:])
