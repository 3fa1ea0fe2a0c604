"""Installs pinned requirements into this environment: by uv, and by pip where uv can't.

uv needs a third of pip's time, and compiles what it installs. It does not read pip's configuration,
so what that says of indexes and certificates is handed on.

    python -m scripts.install_pins FILE
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

_UV = "uv>=0.9,<1"
_PIP = (sys.executable, "-m", "pip")
# Of pip's configuration, what uv takes as it is.
_OPTIONS = {
    "index": "--default-index",
    "extra-index": "--index",
    "find-links": "--find-links",
    "constraint": "--constraints",
    "trusted-host": "--allow-insecure-host",
}


def pip_settings(listed: str) -> dict[str, list[str]]:
    """Return what `pip config list` tells: the words of each setting by its name without `-url`.

    Example:
        >>> pip_settings("global.find-links='/opt/wheels /opt/more'")
        {'find-links': ['/opt/wheels', '/opt/more']}
    """
    found: dict[str, list[str]] = {}
    for line in listed.splitlines():
        name, mark, value = line.partition("=")
        if mark:
            words = " ".join(shlex.split(value)).split()
            setting = name.rpartition(".")[2].removesuffix("-url")
            found.setdefault(setting, []).extend(words)
    return found


def uv_options(settings: Mapping[str, list[str]]) -> list[str]:
    """Return the options by which uv does what pip is configured to do."""
    return [*_options(settings), *(["--no-index"] if settings.get("no-index") else [])]


def _options(settings: Mapping[str, list[str]]) -> Iterator[str]:
    for name, option in _OPTIONS.items():
        for word in settings.get(name, ()):
            if _is_there(word):
                yield from (option, word)


def _is_there(word: str) -> bool:
    """Whether a place is one that pip would not pass over: a folder that is not there."""
    parts = urlsplit(word)
    return parts.scheme != "file" or Path(url2pathname(parts.path)).is_dir()


def by_uv(
    python: str, *what: str, link_mode: str = "copy", compiled: bool = True
) -> subprocess.CompletedProcess[str]:
    """Install into an environment by the uv of this one, as pip is configured to do it.

    Args:
        python: the environment's interpreter.
        what: requirements, or `-r` and a file of them.
        link_mode: how files come out of uv's cache. `hardlink` needs no time, but an edit of one
            is an edit of all.
        compiled: make the bytecode, too.
    """
    listed = subprocess.run([*_PIP, "config", "list"], capture_output=True, text=True).stdout
    settings = pip_settings(listed)
    environ = {**os.environ, "UV_LINK_MODE": os.environ.get("UV_LINK_MODE", link_mode)}
    for certificate in settings.get("cert", ()):
        environ.setdefault("SSL_CERT_FILE", certificate)
    # As pip does it: of all indexes the best version, not that of the first which has any.
    how = ["--index-strategy", "unsafe-best-match", *(["--compile-bytecode"] if compiled else [])]
    if not sys.stderr.isatty():
        how.append("--quiet")
    command = [sys.executable, "-m", "uv", "pip", "install", *how, *uv_options(settings)]
    return subprocess.run([*command, "--python", python, *what], env=environ, text=True)


def main(file: str) -> int:
    """Install the requirements of a file; returns the exit code."""
    uv = subprocess.run([*_PIP, "install", "--quiet", _UV]).returncode
    if uv == 0 and by_uv(sys.executable, "--requirement", file).returncode == 0:
        return 0
    print("uv can't install it here; pip does, which takes one to three minutes.", flush=True)
    return subprocess.run([*_PIP, "install", "--quiet", "--requirement", file]).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
