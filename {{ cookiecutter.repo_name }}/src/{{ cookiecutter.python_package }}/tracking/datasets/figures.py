"""A file dataset for pictures and pages: each kind of value finds the right writer."""

import json
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset

from ..pages import plotly_page

_BINARY = (".png", ".jpg", ".jpeg", ".pdf")


class FigureDataset(AbstractDataset[Any, Any]):
    """Writes a Plotly or Matplotlib figure, a PIL image, text or bytes to a file by its extension.

    Loads text from `.html` and `.svg`, the value from `.json`, and bytes from the others.

    Args:
        filepath: path of the file; its extension says the format.
    """

    def __init__(self, filepath: str) -> None:
        self._filepath = filepath

    def save(self, data: Any) -> None:
        """Write the value.

        Raises:
            TypeError: no writer is known for this type and extension.
        """
        path = Path(self._filepath)
        extension = path.suffix.lower()
        if isinstance(data, bytes | bytearray):
            path.write_bytes(data)
        elif isinstance(data, str) and extension not in _BINARY:
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

    def load(self) -> Any:
        """Read the file."""
        path = Path(self._filepath)
        if path.suffix.lower() in _BINARY:
            return path.read_bytes()
        text = path.read_bytes().decode("utf-8")  # with the line ends that it has
        return json.loads(text) if path.suffix.lower() == ".json" else text

    def _exists(self) -> bool:
        return Path(self._filepath).exists()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath}


def _write_plotly(figure: Any, path: Path, extension: str) -> None:
    if extension == ".html":
        title = figure.layout.title.text or path.stem
        path.write_text(plotly_page(figure.to_json(), title), encoding="utf-8")
    elif extension == ".json":
        figure.write_json(path)
    else:
        figure.write_image(path)
