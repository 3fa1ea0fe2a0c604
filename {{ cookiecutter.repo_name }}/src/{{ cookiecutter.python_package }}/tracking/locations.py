"""Where artifacts lie on this machine, as MLflow writes it: `file:` URIs and plain paths."""

from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname


def local_path(location: str) -> Path | None:
    """Return the path of a location; None for one that is elsewhere, or relative."""
    if location.startswith("file:"):
        url = urlsplit(location)
        return Path(url2pathname(url.path)) if url.netloc in ("", "localhost") else None
    path = Path(location)
    return path if path.is_absolute() else None


def moved(location: str, old: Path, new: Path) -> str:
    """Return a location in the same form after a folder was moved; unchanged if not in it.

    Example:
        >>> moved("file:///old%20one/mlruns/1", Path("/old one"), Path("/new"))
        'file:///new/mlruns/1'
    """
    path = local_path(location)
    if path is None or not path.is_relative_to(old):
        return location
    there = new / path.relative_to(old)
    return there.as_uri() if location.startswith("file:") else str(there)
