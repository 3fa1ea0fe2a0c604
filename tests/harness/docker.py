"""What stands for `docker` in tests: the commands and options of docs/container.md, by buildah.

`python -m tests.harness.docker FOLDER build|run|stop|wait|logs …`; what is in the folder stays.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.harness.containers import Options, start, stop
from tests.harness.images import Images

# A container's file while it runs, of its log, and of its exit code.
RUNS, LOG, CODE = "pid", "log", "code"


def main(words: Sequence[str]) -> int:
    """Do a command; returns its exit code."""
    given = _parser().parse_args(words)
    return int(given.do(given))


def build(given: argparse.Namespace) -> int:
    """`docker build`."""
    more = [f"--build-arg={one}" for one in given.build_arg]
    print(Images(given.folder).build(given.tag, given.context, *more))
    return 0


def run(given: argparse.Namespace) -> int:
    """`docker run`; with `--detach` another process does it, and this one waits for its begin."""
    about = given.folder / "containers" / (given.name or f"unnamed-{time.monotonic_ns()}")
    if given.detach:
        about.mkdir(parents=True)
        words = [word for word in sys.argv[1:] if word not in ("-d", "--detach")]
        with (about / LOG).open("wb") as log:
            subprocess.Popen(
                [sys.executable, "-m", __spec__.name, *words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        _wait_for(about / RUNS)
        return 0
    about.mkdir(parents=True, exist_ok=True)
    images = Images(given.folder)
    tmpfs = dict(one.partition(":")[::2] for one in given.tmpfs)
    env = dict(one for one in given.env if one is not None)
    with images.mounted(given.image) as root:
        volumes = [_volume(given.folder, root, one) for one in given.volume]
        options = Options(env, volumes, tmpfs, given.read_only)
        process = start(root, images.settings(given.image), given.command, options)
        _write(about / RUNS, process.pid)
        code = process.wait()
    code = code if code >= 0 else 128 - code
    _write(about / CODE, code)
    return code


def end(given: argparse.Namespace) -> int:
    """`docker stop`: returns once the container has ended."""
    about = given.folder / "containers" / given.name
    if not (about / CODE).exists():
        stop(int((about / RUNS).read_text()))
    _wait_for(about / CODE)
    return 0


def wait(given: argparse.Namespace) -> int:
    """`docker wait`: prints the exit code of a container, once it has ended."""
    print(_wait_for(given.folder / "containers" / given.name / CODE))
    return 0


def logs(given: argparse.Namespace) -> int:
    """`docker logs`."""
    print((given.folder / "containers" / given.name / LOG).read_text("utf8", "replace"))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="docker")
    parser.add_argument("folder", type=Path)
    commands = parser.add_subparsers(required=True)
    building = commands.add_parser("build")
    building.add_argument("-t", "--tag", required=True)
    building.add_argument("--build-arg", action="append", default=[])
    building.add_argument("context", type=Path)
    building.set_defaults(do=build)
    running = commands.add_parser("run")
    running.add_argument("-d", "--detach", action="store_true")
    running.add_argument("--rm", action="store_true", required=True, help="the only way")
    running.add_argument("--network", choices=["host"], required=True)
    running.add_argument("--read-only", action="store_true")
    running.add_argument("--name")
    running.add_argument("-e", "--env", action="append", default=[], type=_variable)
    running.add_argument("-v", "--volume", action="append", default=[])
    running.add_argument("--tmpfs", action="append", default=[])
    running.add_argument("image")
    running.add_argument("command", nargs=argparse.REMAINDER)
    running.set_defaults(do=run)
    for name, action in (("stop", end), ("wait", wait), ("logs", logs)):
        one = commands.add_parser(name)
        one.add_argument("name")
        one.set_defaults(do=action)
    return parser


def _variable(text: str) -> tuple[str, str] | None:
    """Read `NAME=value`, or `NAME` for the value that it has here, if it has one."""
    name, equals, value = text.partition("=")
    if equals:
        return name, value
    return (name, os.environ[name]) if name in os.environ else None


def _volume(folder: Path, root: Path, text: str) -> tuple[Path, str, bool]:
    """Read `here:there[:ro]`; a name is a volume, which has the owner of the image's folder."""
    here, place, *more = text.split(":")
    if "/" in here:
        return Path(here).absolute(), place, more == ["ro"]
    volume = folder / "volumes" / here
    if not volume.exists():
        volume.mkdir(parents=True)
        if (root / place[1:]).is_dir():
            found = (root / place[1:]).stat()
            shutil.copystat(root / place[1:], volume)
            shutil.chown(volume, found.st_uid, found.st_gid)
    return volume, place, more == ["ro"]


def _write(file: Path, number: int) -> None:
    new = file.with_suffix(".new")
    new.write_text(str(number))
    new.rename(file)  # whoever waits for it finds it whole


def _wait_for(file: Path, seconds: float = 300) -> str:
    deadline = time.monotonic() + seconds
    while not file.exists():
        assert time.monotonic() < deadline, f"{file} did not come"
        time.sleep(0.05)
    return file.read_text()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
