"""Containers as a container engine runs them: process 1 of namespaces of its own, without root.

`buildah run` gives a command no process namespace, and so no process 1; and it knows nothing of
`--read-only`. The network is the machine's own, as with `docker run --network=host`.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# `docker stop` sends SIGKILL after so many seconds.
PATIENCE = 10
# Bound before the root is left for the image's; all of it goes with the namespace.
MOUNTING = """
mount --bind "$0" "$0"
mount --rbind /dev "$0/dev"
mount -t tmpfs -o mode=1777 tmpfs "$0/dev/shm"
"""


@dataclass(frozen=True)
class Options:
    """What `docker run` is told besides the image and the command.

    Args:
        env: variables.
        volumes: what is mounted: a folder or file here, the place there, whether it is read-only.
        tmpfs: places of empty folders in memory, with the options of their mounts.
        read_only: whether the image's own files are.
    """

    env: Mapping[str, str] = field(default_factory=dict)
    volumes: Sequence[tuple[Path, str, bool]] = ()
    tmpfs: Mapping[str, str] = field(default_factory=dict)
    read_only: bool = False


def start(
    root: Path, settings: Mapping[str, Any], command: Sequence[str], options: Options
) -> subprocess.Popen[bytes]:
    """Start a container.

    Args:
        root: its file system, which is mounted.
        settings: of its image: `Env`, `User`, `WorkingDir`, `Entrypoint` and `Cmd`.
        command: what follows the image in `docker run`; the image's own where it is empty.
        options: the options of `docker run`.

    Returns:
        The process whose one child is process 1; it ends as that one ends.
    """
    words = [*settings.get("Entrypoint", ()), *(command or settings.get("Cmd", ()))]
    user, group, home = account(root, settings["User"])
    variables = dict(one.split("=", 1) for one in settings["Env"])
    variables = {"HOME": home, **variables, **options.env}
    alone = [_program("unshare"), "--pid", "--fork", "--kill-child", "--mount-proc"]
    alone += [f"--root={root}", f"--wd={settings['WorkingDir']}"]
    alone += [f"--setgid={group}", f"--setuid={user}"]
    script = f"set -eu\nPATH={os.environ['PATH']}{MOUNTING}{_mounts(root, options)}"
    script += 'exec env --ignore-environment "$@"\n'
    given = [f"{name}={value}" for name, value in variables.items()]
    outer = [_program("unshare"), "--mount", "--propagation=private", _program("sh"), "-c", script]
    return subprocess.Popen([*outer, str(root), *given, *alone, *words], stdin=subprocess.DEVNULL)


def stop(started: int, number: int = signal.SIGTERM) -> None:
    """Do what `docker stop` does: signal process 1, and end it if it has not ended in ten seconds.

    Args:
        started: the process that `start` has started.
        number: the signal.
    """
    children = Path(f"/proc/{started}/task/{started}/children")
    (process_one,) = map(int, children.read_text().split())
    os.kill(process_one, number)
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if not Path(f"/proc/{process_one}").exists():
            return
        time.sleep(0.05)
    os.kill(process_one, signal.SIGKILL)


def account(root: Path, user: str) -> tuple[int, int, str]:
    """Return the numbers of an image's user and group, and the home, by its list of users."""
    for line in (root / "etc/passwd").read_text().splitlines():
        name, _, number, group, _, home, _ = line.split(":")
        if user in (name, number):
            return int(number), int(group), home
    return int(user), 0, "/"


def _mounts(root: Path, options: Options) -> str:
    """Return the commands that mount what is asked for, the outer places first."""
    found = {place: ["mount", "--bind", str(here)] for here, place, _ in options.volumes}
    for place, words in options.tmpfs.items():
        # As runc does it: a folder that is there keeps its mode, and the owner is root.
        mode = f"{(root / place[1:]).stat().st_mode & 0o7777:o}"
        found[place] = ["mount", "-t", "tmpfs", "-o", f"mode={mode},{words}".strip(","), "tmpfs"]
    read_only = {place for _, place, is_read_only in options.volumes if is_read_only}
    lines = []
    for here, place, _ in options.volumes:
        _make_place(root, place, here.is_dir())
    if options.read_only:
        lines.append('mount -o remount,bind,ro "$0"')
    for place in sorted(found):
        inside = f"{root}{place}"
        if any(place.startswith(f"{other}/") for other in found):
            lines.append(f"mkdir -p '{inside}'")
        lines.append(" ".join(f"'{word}'" for word in [*found[place], inside]))
        if place in read_only:
            lines.append(f"mount -o remount,bind,ro '{inside}'")
    return "\n".join(lines) + "\n"


def _make_place(root: Path, place: str, is_folder: bool) -> None:
    path = root / place[1:]
    if path.exists():
        return
    (path if is_folder else path.parent).mkdir(parents=True, exist_ok=True)
    if not is_folder:
        path.touch()


def _program(name: str) -> str:
    found = shutil.which(name)
    assert found is not None, f"{name} is not installed"
    return found
