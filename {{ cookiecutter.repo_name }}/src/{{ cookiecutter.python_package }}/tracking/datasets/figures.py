"""A file dataset for pictures and pages: each kind of value finds the right writer."""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import fsspec  # type: ignore[import-untyped]
from kedro.io import AbstractDataset

from .plotly_page import plotly_page

_BINARY = (".png", ".jpg", ".jpeg", ".pdf")


class FigureDataset(AbstractDataset[Any, Any]):
    """Writes a Plotly or Matplotlib figure, a PIL image, text or bytes to a file by its extension.

    Loads text from `.html` and `.svg`, the value from `.json`, and bytes from the others.

    Args:
        filepath: path or URL of the file; its extension says the format.
        credentials: of the place behind a URL.
    """

    def __init__(self, filepath: str, credentials: Mapping[str, Any] | None = None) -> None:
        self._protocol, mark, _ = filepath.partition("://")
        self._protocol = self._protocol if mark else "file"
        # A path stays as it is, relative ones too.
        self._fs, found = fsspec.core.url_to_fs(filepath, **(credentials or {}))
        self._filepath = found if mark else filepath

    def save(self, data: Any) -> None:
        """Write the value.

        Raises:
            TypeError: no writer is known for this type and extension.
        """
        if self._protocol == "file":
            _write(data, Path(self._filepath))
            return
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder, Path(self._filepath).name)
            _write(data, place)
            self._fs.put(str(place), self._filepath)

    def load(self) -> Any:
        """Read the file."""
        content: bytes = self._fs.cat(self._filepath)
        suffix = Path(self._filepath).suffix.lower()
        if suffix in _BINARY:
            return content
        text = content.decode("utf-8")  # with the line ends that it has
        return json.loads(text) if suffix == ".json" else text

    def _exists(self) -> bool:
        return bool(self._fs.exists(self._filepath))

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath, "protocol": self._protocol}


def _write(data: Any, path: Path) -> None:
    extension = path.suffix.lower()
    if isinstance(data, bytes | bytearray):
        path.write_bytes(data)
    elif isinstance(data, str) and extension not in _BINARY and not _needs_quotes(data, extension):
        path.write_text(data, encoding="utf-8", newline="")
    elif hasattr(data, "write_html") and hasattr(data, "to_plotly_json"):
        _write_plotly(data, path, extension)
    elif hasattr(data, "savefig") and extension not in (".html", ".json"):
        data.savefig(path, bbox_inches="tight")
    elif hasattr(data, "save") and hasattr(data, "mode") and extension in _BINARY:
        data.convert("RGB").save(path) if extension != ".png" else data.save(path)
    elif extension == ".json":
        path.write_text(json.dumps(data, ensure_ascii=False, indent=2), encoding="utf-8")
    elif hasattr(data, "_repr_html_") and extension == ".html":
        path.write_text(data._repr_html_(), encoding="utf-8")
    else:
        raise TypeError(
            f"cannot write {type(data).__qualname__} as {extension}; give a Plotly or "
            f"Matplotlib figure, a PIL image, text or bytes."
        )


def _write_plotly(figure: Any, path: Path, extension: str) -> None:
    if extension == ".html":
        title = figure.layout.title.text or path.stem
        path.write_text(plotly_page(figure.to_json(), title), encoding="utf-8")
    elif extension == ".json":
        figure.write_json(path)
    else:
        figure.write_image(path)


def _needs_quotes(text: str, extension: str) -> bool:
    """Whether a text is no JSON of an object or a list, as a figure's `to_json` gives it."""
    if extension != ".json":
        return False
    try:
        return not isinstance(json.loads(text), dict | list)
    except ValueError:
        return True
