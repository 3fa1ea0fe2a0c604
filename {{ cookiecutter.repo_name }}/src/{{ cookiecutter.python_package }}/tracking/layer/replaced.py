"""What the owner had in a folder that comes in whole, and where it can be found again."""

import hashlib
import shlex
from pathlib import Path

from ..manifest import MANIFEST, Manifest, compare, layer_files, parse_manifest, plain
from .checkout import Checkout
from .git import blobs
from .source import project_of


def replaced_lines(
    target: Manifest, folder: Path, checkout: Checkout | None
) -> tuple[list[str], list[str]]:
    """Return what names the edits that a whole folder takes the place of, and how to see them.

    Where the owner's manifest is gone, each file that is not as in the new folder counts as edited.

    Args:
        target: the manifest of the folder that comes in.
        folder: the owner's, there or not.
        checkout: its working copy; with one, what was committed last counts.
    """
    commit = checkout.last_with_files() if checkout is not None else None
    if checkout is None:
        names = [name for name in (*layer_files(folder), MANIFEST) if (folder / name).is_file()]
        files = {name: (folder / name).read_bytes() for name in names}
    else:
        objects = checkout.committed(commit) if commit is not None else {}
        files = dict(zip(objects, blobs(list(objects.values()), checkout.top), strict=True))
    text = files.pop(MANIFEST, b"").decode("utf8", "replace")
    hashes = {path: hashlib.sha256(plain(content)).hexdigest() for path, content in files.items()}
    try:
        found = compare(parse_manifest(text), hashes)
        back = [path for path in found.missing if path in target.files]
        back += [f"{wing}/" for wing in found.wings if wing in target.wings()]
    except ValueError:
        found, back = compare(target, hashes), []
    mine = (*found.modified, *found.added)
    own = [path for path in mine if hashes[path] != target.files.get(path)]
    lines = [f"  REPLACED      {path}: what you had in it is left out" for path in own]
    lines += [f"  comes back    {path}: you had deleted it" for path in back]
    if commit is None or not own:
        return lines, []
    place = f"{commit}:./{folder.relative_to(project_of(folder)).as_posix()}"
    shown = [f"  git show {shlex.quote(f'{place}/{path}')}" for path in own]
    return lines, ["What you had is in Git:", *shown]
