"""Images of a test's own: buildah builds them, on a root that debootstrap has made."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scripts.fetch_base_image import BASE, is_there
from tests.harness.baked import explain

BASE_NAME = "localhost/base"
# What a login of Debian has, and so the images that others are built on.
SEARCHED = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_FILE = "file://"


def needs_images() -> None:
    """Skip the test where no image can be built."""
    if not is_there():
        pytest.skip("needs an image to build on, which `make test-images` makes")
    if shutil.which("buildah") is None:
        pytest.skip("needs buildah, which builds images: `apt-get install buildah`")
    if os.geteuid() != 0:
        pytest.skip("needs root, which has the images' own file systems mounted")


@dataclass(frozen=True)
class Images:
    """The images that lie in a folder.

    Args:
        folder: where buildah keeps them.
    """

    folder: Path

    def buildah(self, *command: str, code: int = 0) -> str:
        """Run a command of buildah, and return what it printed."""
        place = ["--root", str(self.folder / "root"), "--runroot", str(self.folder / "run")]
        place += ["--storage-driver", _driver(self.folder)]
        done = subprocess.run(
            ["buildah", *place, *command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=1800,
        )
        assert done.returncode == code, explain(done)
        return done.stdout

    def take_base(self) -> None:
        """Make an image of what debootstrap has made."""
        container = self.buildah("from", "scratch").strip()
        self.buildah("add", "--quiet", container, str(BASE), "/")
        self.buildah("config", "--env", f"PATH={SEARCHED}", container)
        self.buildah("commit", "--quiet", "--rm", container, BASE_NAME)

    def build(self, name: str, context: Path, *options: str) -> str:
        """Build an image, and return what was said of it.

        Args:
            name: what it is called.
            context: the folder with its Dockerfile.
            options: more of `buildah build`, which are those of `docker build` too.
        """
        settings, paths = pip_settings()
        secret = self.folder / "pip.conf"
        secret.write_text(settings)
        ours = ["--isolation", "chroot", "--layers", "--build-arg", f"BASE={BASE_NAME}"]
        ours += ["--secret", f"id=pip.conf,src={secret}"]
        ours += [f"--volume={path}:{path}:ro" for path in paths]
        return self.buildah("build", *ours, *options, "--tag", name, str(context))

    def settings(self, name: str) -> dict[str, Any]:
        """Return what an image says of the containers that are made of it."""
        told = json.loads(self.buildah("inspect", "--type", "image", name))
        return dict(told["OCIv1"]["config"])

    def save(self, name: str, folder: Path) -> list[Path]:
        """Write an image to a folder: each layer as a tar file, its settings and its history."""
        self.buildah("push", "--quiet", "--disable-compression", name, f"dir:{folder}")
        return sorted(folder.iterdir())

    @contextmanager
    def mounted(self, name: str) -> Iterator[Path]:
        """Mount the file system of a new container, which is gone afterwards."""
        container = self.buildah("from", "--pull-never", name).strip()
        try:
            yield Path(self.buildah("mount", container).strip())
        finally:
            self.buildah("rm", container)

    def remove(self) -> None:
        """Remove all of them."""
        self.buildah("rm", "--all")
        self.buildah("rmi", "--all", "--force")
        shutil.rmtree(self.folder)


def _driver(folder: Path) -> str:
    """Return how layers are laid over each other: by the kernel, or by copies where it can't."""
    known = Path("/proc/filesystems").read_text().split()
    command = ["stat", "--file-system", "--format=%T", str(folder)]
    below = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    return "overlay" if "overlay" in known and below != "overlayfs" else "vfs"


def pip_settings() -> tuple[str, list[Path]]:
    """Return how pip gets packages here: the text of a pip.conf, and the paths that it names."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    sections: dict[str, dict[str, str]] = {}
    # The environment's are the last ones in force, and the first that are listed.
    for line in reversed(done.stdout.splitlines()):
        name, _, quoted = line.partition("=")
        section, _, key = name.rpartition(".")
        value = str(ast.literal_eval(quoted)).strip()
        sections.setdefault("global" if section == ":env:" else section, {})[key] = value
    lines, paths = [], set()
    for section, values in sections.items():
        lines.append(f"[{section}]")
        for key, value in values.items():
            words = value.split()
            lines.append(f"{key} = " + "\n    ".join(words))
            paths |= {Path(word.removeprefix(_FILE)) for word in words}
    found = sorted(_outermost(path) for path in paths if path.is_absolute() and path.exists())
    return "\n".join(lines) + "\n", list(dict.fromkeys(found))


def _outermost(path: Path) -> Path:
    """Return what is mounted: of an index its folder, for its pages lead to files beside it."""
    return path.parent if path.name == "simple" else path
