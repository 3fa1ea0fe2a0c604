"""The place that journals spill to: a folder at an fsspec URL, in which each is one archive."""

import posixpath
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from ..journal import spilling
from ..redact import redact_text
from ..store.reasons import StoreError

SUFFIX = ".journal.zip"
_PARTIAL = ".partial"
_MAX_TOLD = 300


class SpillPlaceError(StoreError):
    """A place that can't be used now, for a reason that its text tells."""


class SpillPlace:
    """A folder at an fsspec URL.

    Args:
        url: its URL, say `s3://bucket/journals`, or the path of a folder that all machines have.

    Raises:
        SpillPlaceError: the URL is none, or what opens it is not installed.
    """

    def __init__(self, url: str) -> None:
        self.told = redact_text(url)
        if (fault := spilling.fault_of(url)) is not None:
            raise SpillPlaceError(f"{self.told or repr(url)} {fault}")
        with self._telling("be opened"):
            self._system, path = import_module("fsspec.core").url_to_fs(url)
        self._path = str(path).rstrip("/")
        self.is_there = True

    def names(self) -> list[str]:
        """Return the names of the journals that lie there, the oldest first.

        Raises:
            SpillPlaceError: nobody can look.
        """
        with self._telling("be listed"):
            self._system.invalidate_cache()
            try:
                found = self._system.ls(self._path, detail=False)
            except FileNotFoundError:
                # A folder of a disk is made as the first one comes; one of a bucket comes and goes.
                self.is_there = not self._path.startswith("/")
                self._refuse_without_bucket()
                return []
        names = (posixpath.basename(str(path).rstrip("/")) for path in found)
        return sorted(name.removesuffix(SUFFIX) for name in names if name.endswith(SUFFIX))

    def where(self, name: str) -> str:
        """Return the URL of a journal, without the secrets in it."""
        return f"{self.told.rstrip('/')}/{name}{SUFFIX}"

    def put(self, name: str, write: Callable[[Any], None]) -> None:
        """Store a journal: it is there whole, or not at all.

        Args:
            name: its name there.
            write: is given a stream to write to.

        Raises:
            SpillPlaceError: the place does not take it.
        """
        whole = self._of(name)
        partial = f"{whole}.{secrets.token_hex(4)}{_PARTIAL}"
        with self._telling("take a journal"):
            try:
                with self._opened(partial) as stream:
                    write(stream)
                    size = stream.tell()
                self._system.invalidate_cache()
                arrived = self._system.size(partial)
                if arrived != size:
                    raise OSError(f"{arrived} of {size} bytes have arrived")
                self._system.mv(partial, whole)
            except BaseException:
                self._forget(partial)
                raise

    def get(self, name: str, target: Path) -> None:
        """Copy a journal's archive to a file of this machine.

        At once: with ranges `rclone serve s3` (1.74) sends the checksum of the whole.

        Raises:
            SpillPlaceError: it can't be read now.
        """
        with self._telling("be read"):
            self._system.get_file(self._of(name), str(target))

    def remove(self, name: str) -> None:
        """Remove a journal that has come home; none is there if another has removed it.

        Raises:
            SpillPlaceError: the place does not let go of it.
        """
        with self._telling(f"let go of {name}"):
            try:
                self._system.rm(self._of(name))
            except FileNotFoundError:
                return

    def _of(self, name: str) -> str:
        return f"{self._path}/{name}{SUFFIX}"

    def _refuse_without_bucket(self) -> None:
        bucket = self._path.partition("/")[0]
        try:
            is_there = not bucket or self._system.exists(bucket)
        except Exception:  # it may be closed to who may look into the folder
            return
        if not is_there:
            raise FileNotFoundError(f"there is no {bucket!r}")

    def _opened(self, path: str) -> Any:
        try:
            return self._system.open(path, "wb")
        except FileNotFoundError:  # a disk, where folders must be made first
            self._system.makedirs(self._path, exist_ok=True)
            return self._system.open(path, "wb")

    def _forget(self, partial: str) -> None:
        try:
            self._system.rm(partial)
        except Exception:  # the place is away; nobody takes a half for a journal
            return

    @contextmanager
    def _telling(self, action: str) -> Iterator[None]:
        try:
            yield
        except ImportError as error:
            raise SpillPlaceError(f"{self.told} needs a package: {error}") from error
        except Exception as error:
            told = redact_text(" ".join(str(error).split())[:_MAX_TOLD]) or type(error).__name__
            raise SpillPlaceError(f"{self.told} cannot {action}: {told}") from error
