"""Fetches a newer layer and starts its updater: all that an old layer does for a new one."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..manifest import edits, read_manifest
from .git import LayerError
from .job import DONE, Job
from .plan import moves, read_tree
from .report import diff_lines
from .source import project_of, resolve_source
from .upstream import Release, Upstream
from .versions import is_older, version_key


@dataclass(frozen=True)
class Fetched:
    """A clone of the repository, and the folder's own release in it.

    Args:
        place: the temporary folder.
        upstream: the clone.
        base: the release that the project has; None where it is to be replaced as a whole.
    """

    place: Path
    upstream: Upstream
    base: Release | None

    def extract(self, release: Release, name: str) -> Path:
        """Write a release to `<place>/<name>/tracking`, and return that folder."""
        folder = self.place / name / "tracking"
        self.upstream.extract(release, folder)
        return folder


def update(
    folder: Path,
    source: str | None,
    version: str | None,
    *,
    dry_run: bool = False,
    self_test: bool = True,
    whole: bool = False,
    python: str = sys.executable,
) -> int:
    """Bring a newer layer into a project; prints what happens, and returns the exit code.

    Args:
        folder: the project's tracking folder.
        source: path or URL of the repository; from the project's pyproject.toml if not given.
        version: the version to bring in; the newest release if not given.
        dry_run: only say what would happen.
        self_test: run the new layer once before it comes in.
        whole: replace the folder as a whole, the owner's edits included.
        python: the project's interpreter.

    Raises:
        LayerError: it is refused; nothing was changed.
    """
    with _fetched(folder, source, whole) as fetched:
        target = fetched.upstream.target(version)
        _check_tag(fetched.upstream.newest_tag() if version is None else version, target)
        if fetched.base is not None and _is_no_update(fetched, fetched.base, target, version):
            return DONE
        changelog = fetched.place / "CHANGELOG.md"
        changelog.write_text(fetched.upstream.changelog(target), "utf8")
        job = Job(
            folder=str(folder),
            base=str(fetched.extract(fetched.base, "base")) if fetched.base else None,
            target=str(fetched.extract(target, "target")),
            base_version=fetched.base.manifest.layer if fetched.base else None,
            target_version=target.manifest.layer,
            python=python,
            changelog=str(changelog),
            dry_run=dry_run,
            self_test=self_test,
        )
        return _run(job, fetched.place)


def owner_diff(folder: Path, source: str | None) -> list[str]:
    """Return what the owner has changed since the release that the project has.

    Raises:
        LayerError: that release can't be fetched.
    """
    try:
        if not edits(folder).count:
            return ["No edits."]
    except ValueError:
        pass  # its manifest can't be read, which is told below
    with _fetched(folder, source) as fetched:
        assert fetched.base is not None
        released = read_tree(fetched.extract(fetched.base, "base"))
        return list(diff_lines(released, read_tree(folder), "released", "yours"))


def upstream_diff(folder: Path, source: str | None, version: str | None) -> list[str]:
    """Return what a newer layer changes, from the release that the project has.

    Raises:
        LayerError: one of the two can't be fetched.
    """
    with _fetched(folder, source) as fetched:
        assert fetched.base is not None
        target = fetched.upstream.target(version)
        old = read_tree(fetched.extract(fetched.base, "base"))
        new = read_tree(fetched.extract(target, "target"))
        names = (fetched.base.manifest.layer, target.manifest.layer)
        return list(diff_lines(old, new, *names, moves(old, old, new, target.manifest.renames)))


@contextmanager
def _fetched(folder: Path, source: str | None, whole: bool = False) -> Iterator[Fetched]:
    repository = resolve_source(source, project_of(folder))
    if not whole:
        try:
            manifest = read_manifest(folder)
        except ValueError as error:
            raise LayerError(
                f"{error}: restore it with Git, or bring in the whole folder with the "
                "repository's scripts/update_layer.py --whole"
            ) from error
    with tempfile.TemporaryDirectory(prefix="kedro-layer-", ignore_cleanup_errors=True) as name:
        place = Path(name)
        upstream = Upstream(repository, place / "clone.git")
        yield Fetched(place, upstream, None if whole else upstream.base_of(manifest))


def _check_tag(tag: str | None, target: Release) -> None:
    """Refuse a release whose tag and whose own version differ: it would never count as newer."""
    asked, found = version_key(tag or ""), target.manifest.layer
    if asked is not None and asked != version_key(found):
        raise LayerError(
            f"{tag} holds layer {found} by its own word: its maintainer has to set LAYER in "
            "tracking/version.py, and to tag again"
        )


def _is_no_update(fetched: Fetched, base: Release, target: Release, version: str | None) -> bool:
    """Say that there is nothing newer; refuse to go back."""
    have, wanted = base.manifest.layer, target.manifest.layer
    if base.manifest == target.manifest:
        return False  # the updater looks for conflicts of an earlier update first
    older = is_older(wanted, have)
    if not older and not is_older(have, wanted):
        older = fetched.upstream.is_ancestor(target, base)
    if older and version is None:
        print(f"The layer is {have} already, and newer than the newest release, {wanted}.")
        return True
    if older:
        raise LayerError(
            f"the layer is {have}, and {version} is older: to go back, check out the commit "
            "before the update"
        )
    return False


def _run(job: Job, place: Path) -> int:
    target = Path(job.target)
    if not (target / "layer" / "updater.py").is_file():
        raise LayerError(
            f"layer {job.target_version} has no updater of its own (layer/updater.py): "
            "choose another version with --to"
        )
    file = place / "job.json"
    job.write(file)
    # Nothing but the new layer to import from: neither the project nor the old layer.
    env = {**os.environ, "PYTHONPATH": str(target.parent), "PYTHONSAFEPATH": "1"}
    words = [sys.executable, "-B", "-m", "tracking.layer.updater", str(file)]
    with subprocess.Popen(words, cwd=target.parent, env=env, stdin=subprocess.DEVNULL) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue  # a terminal tells both; it cleans up, and says so
