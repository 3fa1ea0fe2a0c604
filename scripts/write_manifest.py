"""Write the layer's manifest: its version and the SHA-256 of each file; `--check` only compares.

`python -m scripts.write_manifest`. A file that moved is entered in `renames` by hand, old path to
new path, and stays there: owners come from any version.
"""

from __future__ import annotations

import sys
from pathlib import Path

from scripts.template_layer import TRACKING, module


def expected(folder: Path) -> str:
    """Return the text of the manifest that fits a folder, with the renames that it has now."""
    manifest = module("manifest")
    path = folder / manifest.MANIFEST
    renames = manifest.read_manifest(folder).renames if path.exists() else {}
    files = manifest.hash_files(folder)
    gone = [f"{old} -> {new}" for old, new in renames.items() if old in files]
    if gone:
        sys.exit(f"{path}: renames of files that are still there: {', '.join(gone)}")
    lost = [f"{old} -> {new}" for old, new in renames.items() if new not in {*files, *renames}]
    if lost:
        sys.exit(f"{path}: renames to files that are not there: {', '.join(lost)}")
    text: str = manifest.Manifest(version_in(folder), files, renames).text()
    return text


def version_in(folder: Path) -> str:
    """Return the version that a folder's version.py states."""
    names: dict[str, str] = {}
    exec((folder / "version.py").read_text("utf8"), names)
    return names["LAYER"]


def main(folder: Path, check: bool) -> int:
    """Write the manifest, or say that it is stale; the exit code is for `make`."""
    path, text = folder / "manifest.json", expected(folder)
    if path.exists() and path.read_text("utf8") == text:
        return 0
    if check:
        print(f"{path} is stale: run `python -m scripts.write_manifest`")
        return 1
    path.write_bytes(text.encode())
    print("written:", path)
    return 0


if __name__ == "__main__":
    arguments = [word for word in sys.argv[1:] if word != "--check"]
    sys.exit(main(Path(arguments[0]) if arguments else TRACKING, "--check" in sys.argv))
