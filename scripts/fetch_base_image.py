"""Make build/images/base.tar, the root of Debian that the tests build a project's image on.

`make test-images` runs it; where the file is there it does nothing. debootstrap makes the root of
this machine's own release, from where this machine's apt has its packages, and so needs root.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from scripts.fetching import FetchError, fetch

ROOT = Path(__file__).parents[1]
BASE = ROOT / "build" / "images" / "base.tar"
# What the Dockerfile of a project wants of its base.
PACKAGES = ("python3", "python3-venv", "python3-pip", "ca-certificates")
# What an image needs nothing of.
LEFT_OUT = ("./dev/*", "./proc/*", "./sys/*", "./var/cache/apt/*", "./var/lib/apt/lists/*")


def main() -> int:
    """Make it, unless it is there; 1 if it can't be made."""
    announced = f"Making {BASE} by debootstrap: 190 MB, two minutes, once."
    return fetch("A base for images", is_there, announced, _make)


def is_there() -> bool:
    """Whether it was made."""
    return BASE.exists()


def _make() -> None:
    if os.geteuid() != 0:
        raise FetchError("needs root: debootstrap makes devices and changes its root")
    program = needed("debootstrap")
    release = release_of(Path("/etc/os-release").read_text("utf8"))
    mirror, components = mirror_of(release)
    BASE.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BASE.parent) as folder:
        root, tar = Path(folder, "root"), Path(folder, "base.tar")
        parts = [f"--components={','.join(components)}", f"--include={','.join(PACKAGES)}"]
        run(program, "--variant=minbase", *parts, release, str(root), mirror)
        without = [f"--exclude={pattern}" for pattern in LEFT_OUT]
        run("tar", "-C", str(root), *without, "-cf", str(tar), ".")
        tar.rename(BASE)


def needed(program: str) -> str:
    """Return where a program is.

    Raises:
        FetchError: it is not installed.
    """
    found = shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if found is None:
        raise FetchError(f"needs {program}: `apt-get install {program}`")
    return found


def release_of(text: str) -> str:
    """Return the code name of this machine's release, from the text of /etc/os-release.

    Raises:
        FetchError: it has none, so apt and debootstrap do not know it.
    """
    for line in text.splitlines():
        name, _, value = line.partition("=")
        if name == "VERSION_CODENAME" and value.strip("\"'"):
            return value.strip("\"'")
    raise FetchError("needs Debian or Ubuntu: /etc/os-release has no VERSION_CODENAME")


def mirror_of(release: str) -> tuple[str, list[str]]:
    """Return where apt has the packages of a release, and which components of it.

    Raises:
        FetchError: apt does not know the release, or is not there.
    """
    wanted = "$(CODENAME) $(REPO_URI) $(COMPONENT)"
    command = [needed("apt-get"), "indextargets", "--format", wanted, "Created-By: Packages"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found = [line.split() for line in done.stdout.splitlines()]
    ours = [(uri, component) for name, uri, component in found if name == release]
    if not ours:
        raise FetchError(f"apt has no packages of {release}: `apt-get update`")
    mirror = ours[0][0]
    return mirror, sorted({component for uri, component in ours if uri == mirror})


def run(*command: str) -> None:
    """Run a command; what it says goes to the error output.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
