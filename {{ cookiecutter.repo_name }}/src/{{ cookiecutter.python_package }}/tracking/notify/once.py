"""Lets one process alone tell of a run's end, of all that export its journal or end it.

Who tells says so first: a message may be lost where that process is killed in between, and is
never sent twice.
"""

import os
import secrets
import socket
from pathlib import Path
from typing import Any

from ..exporting.ending import TOLD, Ended
from ..journal import layout
from ..logs import PlainLogger

logger = PlainLogger(__name__)


def tag_of(variable: str) -> str:
    """Return the tag that tells what became of a message, by the variable that holds its URL."""
    return f"{TOLD}.{variable}"


def is_mine(ended: Ended, variable: str) -> bool:
    """Whether this process is the one to tell; from then on no other one is.

    Args:
        ended: how the run has ended.
        variable: which receiver it is about.

    Raises:
        Exception: the store can't be used.
    """
    is_marked = False
    if ended.folder is not None:
        try:
            if not _mark(ended.folder, f"told-{variable}"):
                return False
            is_marked = True
        except OSError as error:  # the disk is full
            logger.debug("The journal takes no mark: %s", error)
    if is_marked and (ended.is_first or ended.is_attached):
        return True
    if ended.run_id is None or ended.missing is not None or ended.is_attached:
        return False  # whoever brings the run into MLflow tells
    # A copy of the journal may be elsewhere, as of one that was spilled.
    return _claim(ended.client, ended.run_id, tag_of(variable))


def _mark(folder: Path, name: str) -> bool:
    """Make a file in a journal; False if it is there, in any of its folders."""
    places = layout.places_of(folder)
    if any((place / name).exists() for place in places.existing()):
        return False

    def make(place: Path) -> Path:
        path = place / name
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        return path

    try:
        places.store(make)
    except FileExistsError:
        return False
    return True


def _claim(client: Any, run_id: str, tag: str) -> bool:
    """Write a word of one's own into the run; True if it still stands there."""
    if tag in client.get_run(run_id).data.tags:
        return False
    word = f"it is being sent from {socket.gethostname()} ({secrets.token_hex(4)})"
    client.set_tag(run_id, tag, word)
    return bool(client.get_run(run_id).data.tags.get(tag) == word)
