"""Answers of requests as files of a folder, so that what was loaded once is not asked for again."""

import json
from hashlib import sha256
from pathlib import PurePosixPath
from typing import Any, Literal
from urllib.parse import quote, urlsplit

from kedro.io import DatasetError

from ..tracking.redact import redact_text
from .api_requests import Request
from .folder import Folder

Attribute = Literal["content", "text", "json"]
_EXTENSIONS = {"json": ".json", "text": ".txt", "content": ".bin"}
_LONGEST_NAME, _LONGEST_EXTENSION = 150, 8


class KeptAnswers:
    """The answers that lie in a folder.

    A file is named by its request, so an answer to another one is never taken for it; passwords
    that belong to a dataset and not to a URL are no part of that.

    Args:
        folder: where they lie.
        attribute: what of an answer is kept.
        asked: what, beside name, URL and parameters, makes a request what it is.
    """

    def __init__(self, folder: Folder, attribute: Attribute, asked: Any) -> None:
        self.folder = folder
        self._attribute = attribute
        self._asked = asked
        self._there: set[str] | None = None

    def file_of(self, request: Request) -> str:
        """Return the file of a request, relative to the folder."""
        mark = sha256(repr((request.url, request.params, self._asked)).encode()).hexdigest()[:10]
        # A name may be a URL with a key in it.
        name = quote(redact_text(request.name), safe=" ()+,;=@*")[:_LONGEST_NAME].lstrip(".")
        extension = _EXTENSIONS[self._attribute]
        if self._attribute == "content":
            found = PurePosixPath(urlsplit(request.url).path).suffix
            is_plain = found[1:].isalnum() and len(found) <= _LONGEST_EXTENSION
            extension = found.lower() if is_plain else extension
        return f"{name}-{mark}{extension}"

    def has(self, request: Request) -> bool:
        """Whether there is an answer; the folder is looked through once."""
        if self._there is None:
            self._there = set(self.folder.names()) if self.folder.is_there() else set()
        return self.file_of(request) in self._there

    def get(self, requests: list[Request]) -> list[Any]:
        """Return answers that are there.

        Raises:
            DatasetError: a file is not what was kept.
        """
        files = [self.file_of(request) for request in requests]
        return [self._value(file, content) for file, content in self.folder.read_all(files)]

    def put(self, request: Request, value: Any) -> str:
        """Keep an answer, or what was sent; returns its file."""
        file = self.file_of(request)
        self.folder.write(file, self._content(value))
        return file

    def _content(self, value: Any) -> bytes:
        if isinstance(value, bytes):
            return value
        if isinstance(value, str) and self._attribute != "json":
            return value.encode()
        return json.dumps(value, ensure_ascii=False).encode()

    def _value(self, file: str, content: bytes) -> Any:
        try:
            if self._attribute == "json":
                return json.loads(content)
            return content.decode() if self._attribute == "text" else content
        except ValueError as error:
            raise DatasetError(
                f"The answer that is kept in {self.folder.where(file)} is broken ({error}): delete "
                f"the file, and it is asked for again."
            ) from error
