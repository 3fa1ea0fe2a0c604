"""Records the first run in a new project, as on a terminal, in docs/images/first-run.svg.

The session is an asciicast (version 2), which `asciinema play` takes too. termtosvg, of PyPI, makes
the animated SVG of it; uv, which `make` installs, runs it in an environment of its own. Needs a
system with pseudo-terminals, and DejaVu Sans Mono where the picture is looked at, or its like.

    python -m scripts.record_session [--cast FILE]
"""

from __future__ import annotations

import argparse
import codecs
import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import tempfile
import termios
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from time import monotonic

from scripts.check_project import ROOT

PICTURE = ROOT / "docs" / "images" / "first-run.svg"
MAX_BYTES = 300_000
COLUMNS, ROWS = 90, 30
# What is shown in the place of the temporary folder, whose name is as long: no box breaks.
HOME = "/home/me/work"
# What is typed, in which folder below HOME, and the arguments of Kedro's that run for it.
SESSION: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        'kedro new --starter=kedro-starter-mlflow --name "My Iris"',
        "",
        ("new", f"--starter={ROOT}", "--name", "My Iris"),
    ),
    ("cd my-iris", "", ()),
    ("kedro run", "my-iris", ("run",)),
)
# Its last release asks setuptools for its templates, without saying that it needs it.
_TERMTOSVG, _ITS_NEED = "termtosvg==1.1.0", "setuptools<81"
_PROMPT = "\x1b[32m$\x1b[0m "
_KEY_SECONDS, _READING_SECONDS, _LONGEST_SECONDS = 0.05, 0.6, 1.5
_LAST_MILLISECONDS = 6000

Event = tuple[float, str]


def output_of(command: list[str], cwd: Path, env: Mapping[str, str]) -> Iterator[Event]:
    """Run a command on a terminal of its own; yields what it writes, each with its pause before.

    Args:
        command: program and arguments.
        cwd: working directory.
        env: all its variables.

    Raises:
        CalledProcessError: it failed.
    """
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    process = subprocess.Popen(
        command, cwd=cwd, env=env, stdin=slave, stdout=slave, stderr=slave, start_new_session=True
    )
    os.close(slave)
    decoder, before = codecs.getincrementaldecoder("utf-8")("replace"), monotonic()
    with suppress(OSError):  # Linux tells so that the other side is closed
        while block := os.read(master, 65536):
            if text := decoder.decode(block):
                yield monotonic() - before, text
                before = monotonic()
    os.close(master)
    if code := process.wait():
        raise subprocess.CalledProcessError(code, command)


def typed(text: str) -> Iterator[Event]:
    """Yield a prompt, and a command that somebody types there."""
    yield 0.0, _PROMPT
    yield _READING_SECONDS, ""
    for letter in text:
        yield _KEY_SECONDS, letter
    yield _READING_SECONDS, "\r\n"


def session(home: Path) -> Iterator[Event]:
    """Make a project in a folder and run it; yields what a person would see there."""
    folder = Path(sys.executable).parent
    left_out = ("MLFLOW_", "KEDRO_", "PYTHON", "NO_COLOR", "COLUMNS", "LINES", "CI", "VIRTUAL_ENV")
    env = {name: text for name, text in os.environ.items() if not name.startswith(left_out)}
    env |= {"DO_NOT_TRACK": "1", "KEDRO_MLFLOW_LINGER": "0", "TERM": "xterm-256color"}
    env["PATH"] = f"{folder}{os.pathsep}{env['PATH']}"
    # Else Kedro tells, outside of a project, in which folder of this machine it lies.
    quiet = home / "logging.yml"
    quiet.write_text("version: 1\n")
    for text, below, arguments in SESSION:
        yield from typed(text)
        if arguments:
            logs = {} if below else {"KEDRO_LOGGING_CONFIG": str(quiet)}
            yield from output_of([str(folder / "kedro"), *arguments], home / below, env | logs)
    yield 0.0, _PROMPT


def as_cast(events: Iterator[Event], home: Path) -> str:
    """Return an asciicast of a session, in which no pause is long.

    Args:
        events: what is written, each with its pause before.
        home: the folder that is shown as HOME.
    """
    size = {"width": COLUMNS, "height": ROWS, "env": {"TERM": "xterm-256color"}}
    lines, now = [json.dumps({"version": 2, **size})], 0.0
    for pause, text in events:
        now += min(pause, _LONGEST_SECONDS)
        lines.append(json.dumps([round(now, 3), "o", text.replace(str(home), HOME)]))
    return "\n".join(lines) + "\n"


def draw(cast: Path, picture: Path) -> None:
    """Make an animated SVG of an asciicast.

    Raises:
        CalledProcessError: termtosvg can't be had, or can't do it.
    """
    needed = ["--from", _TERMTOSVG, "--with", _ITS_NEED]
    uv = [sys.executable, "-m", "uv", "tool", "run", "--isolated", *needed, "termtosvg", "render"]
    how = ["--template", "window_frame", "--loop-delay", str(_LAST_MILLISECONDS)]
    subprocess.run([*uv, str(cast), str(picture), *how], check=True)


def main() -> None:
    """Record it, and write the picture."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--cast", type=Path, help="keep the asciicast in this file")
    kept: Path | None = parser.parse_args().cast
    with tempfile.TemporaryDirectory(prefix="", dir="/tmp") as folder:
        home, file = Path(folder), Path(folder) / "first-run.cast"
        assert len(folder) == len(HOME), f"{folder} is not as long as {HOME}"
        cast = as_cast(session(home), home)
        file.write_text(cast)
        picture = Path(folder) / PICTURE.name
        draw(file, picture)
        drawn = picture.read_text()
    if kept is not None:
        kept.write_text(cast)
    seen = [str(place) for place in (home.name, sys.prefix, ROOT) if str(place) in drawn]
    if seen or len(drawn.encode()) > MAX_BYTES:
        sys.exit(f"Of this machine is in the picture: {seen}; it has {len(drawn.encode())} bytes.")
    PICTURE.write_text(drawn)
    print(f"{PICTURE.relative_to(ROOT)}: {len(drawn.encode()) / 1000:.0f} kB")


if __name__ == "__main__":
    main()
