"""A folder of files wherever it lies: on this machine, or on anything that fsspec opens."""

import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import fsspec  # type: ignore[import-untyped]
from fsspec.core import strip_protocol  # type: ignore[import-untyped]
from kedro.io import DatasetError, Version
from kedro.io.core import get_protocol_and_path

from ..tracking.redact import redact_text

# What systems leave in folders.
_LITTER = frozenset({"thumbs.db", "desktop.ini"})
# Objects of a store that are asked for at once.
AT_ONCE = 64


def protocol_and_path(path: str, version: Version | None = None) -> tuple[str, str]:
    """Return the protocol and the path of a folder, as Kedro's datasets have them.

    Args:
        path: path or URL.
        version: which Kedro gave; None where it has none.
    """
    protocol, place = get_protocol_and_path(path, version)
    # Kedro takes what follows `memory://` for a host, and leaves it out.
    return protocol, str(strip_protocol(path)) if protocol == "memory" else place


class Folder:
    """A folder on a file system of fsspec; it can go to another process.

    Args:
        protocol: of the file system, `file` for this machine.
        path: of the folder, without the protocol.
        options: of the file system, with its credentials.
    """

    def __init__(self, protocol: str, path: str, options: Mapping[str, Any]) -> None:
        self.protocol = protocol
        self.path = path
        self.options = dict(options)

    @property
    def fs(self) -> Any:
        """The file system; fsspec keeps it for the next call."""
        return fsspec.filesystem(self.protocol, **self.options)

    @property
    def is_local(self) -> bool:
        """Whether it lies on this machine."""
        return self.protocol in ("file", "local")

    def __str__(self) -> str:
        is_whole = self.is_local or "://" in self.path
        return redact_text(self.path if is_whole else f"{self.protocol}://{self.path}")

    def at(self, path: str) -> "Folder":
        """Return another folder of the same file system."""
        return Folder(self.protocol, path, self.options)

    def join(self, name: str) -> str:
        """Return the path of a file in it, as its file system has it."""
        return f"{self.path.rstrip('/')}/{name}"

    def where(self, name: str) -> str:
        """Return the path or URL of a file in it, as a message shows it."""
        return f"{self}/{name}"

    def is_there(self) -> bool:
        """Whether there is something at its path."""
        self._forget()
        return bool(self.fs.exists(self.path))

    def names(self, hidden: bool = False) -> list[str]:
        """Return the files in it and below it, relative to it, sorted.

        Args:
            hidden: those too that begin with a dot, and what systems leave in folders.

        Raises:
            DatasetError: there is no such folder.
        """
        self._forget()
        every = self._walk() if self.is_local else self._find()
        found = sorted(name for name in every if hidden or not _is_hidden(name))
        if not found and not self.is_there():
            raise DatasetError(f"There is no folder {self}.")
        if not found and not self.fs.isdir(self.path):
            raise DatasetError(f"{self} is a file, and a folder is needed.")
        return found

    def folders(self) -> list[str]:
        """Return the names of the folders in it, sorted.

        Raises:
            DatasetError: there is no such folder.
        """
        self._forget()
        if not self.fs.isdir(self.path):
            raise DatasetError(f"There is no folder {self}.")
        return sorted(
            str(entry["name"]).rstrip("/").rpartition("/")[2]
            for entry in self.fs.ls(self.path, detail=True)
            # Or, on this machine, a link to one.
            if entry["type"] == "directory" or (self.is_local and self.fs.isdir(entry["name"]))
        )

    def read(self, name: str) -> bytes:
        """Return the content of a file."""
        content: bytes = self.fs.cat_file(self.join(name))
        return content

    def read_all(self, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield files with their contents, in their order; of a store several at once."""
        if self.is_local:
            for name in names:
                yield name, self.read(name)
            return
        for some in _chunks(names):
            contents = self.fs.cat_ranges([self.join(name) for name in some], None, None)
            for name, content in zip(some, contents, strict=True):
                if isinstance(content, BaseException):
                    raise content
                yield name, content

    def write(self, name: str, content: bytes) -> None:
        """Write a file; on this machine nobody ever reads half of it."""
        if not self.is_local:
            if "memory" in self.protocol:
                self.fs.makedirs(str(PurePosixPath(self.join(name)).parent), exist_ok=True)
            self.fs.pipe_file(self.join(name), content)
            return
        place = Path(self.join(name))
        place.parent.mkdir(parents=True, exist_ok=True)
        # Not longer than the name: a file system allows so many bytes.
        temporary = place.with_name(f".{secrets.token_hex(4)}")
        try:
            temporary.write_bytes(content)
            os.replace(temporary, place)
        finally:
            temporary.unlink(missing_ok=True)

    def make(self) -> None:
        """Make the folder, if it is not there."""
        self.fs.makedirs(self.path, exist_ok=True)

    def remove(self, names: Iterable[str]) -> None:
        """Delete files."""
        for name in names:
            self.fs.rm_file(self.join(name))

    def _walk(self) -> Iterator[str]:
        for top, folders, files in os.walk(self.path, followlinks=True):
            folders[:] = [name for name in folders if not _leads_up(top, name)]
            inside = os.path.relpath(top, self.path).replace(os.sep, "/")
            yield from files if inside == "." else (f"{inside}/{name}" for name in files)

    def _find(self) -> Iterator[str]:
        whole = self.path if "://" in self.path else f"{self.protocol}://{self.path}"
        top = str(strip_protocol(whole)).rstrip("/")
        for path in self.fs.find(self.path):
            # A store has an empty object for a folder that somebody has made by hand.
            if name := str(path).removeprefix(top).lstrip("/"):
                yield name

    def _forget(self) -> None:
        """Let a file system look again: others may have written."""
        if not self.is_local:
            self.fs.invalidate_cache()


def _leads_up(top: str, name: str) -> bool:
    """Whether a folder is a link to one in which it lies: it would be walked for ever."""
    path = os.path.join(top, name)
    if not os.path.islink(path):
        return False
    above = os.path.realpath(top)
    return os.path.commonpath([above, target := os.path.realpath(path)]) == target


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") or part.lower() in _LITTER for part in name.split("/"))


def _chunks(names: Iterable[str]) -> Iterator[list[str]]:
    some: list[str] = []
    for name in names:
        some.append(name)
        if len(some) == AT_ONCE:
            yield some
            some = []
    if some:
        yield some


def check_name(name: str) -> str:
    """Return a file's name for a folder, if it stays in it and is found again.

    Raises:
        DatasetError: it leaves the folder, or is hidden.
    """
    parts = name.split("/")
    if "\\" in name or "\0" in name or any(not part or part.startswith(".") for part in parts):
        raise DatasetError(
            f"{name!r} is no name for a file in a folder: no part of it may be empty or begin "
            f"with a dot, and it has no backslash."
        )
    return name
