"""The repository that layers come from: its versions, and the folder as it was in each."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from ..manifest import MANIFEST, Manifest, hash_files, parse_manifest, plain
from ..redact import redact_text
from .git import LayerError, blobs, git, reason_of, try_git
from .versions import newest, newest_first, spellings, version_key

# The template's own path holds braces that differ between its versions; a project has its package.
_PLACE = re.compile(rf"(?:^|.*/)src/[^/]+/tracking/{re.escape(MANIFEST)}$")
_REVISION = re.compile(r"[0-9A-Za-z][\w./+-]*$")
CHANGELOG = "CHANGELOG.md"


@dataclass(frozen=True)
class Release:
    """The layer in one commit of the repository.

    Args:
        commit: the commit.
        place: the tracking folder's path in it.
        manifest: the folder's manifest.
    """

    commit: str
    place: str
    manifest: Manifest


class Upstream:
    """A clone of the repository, in a folder that the caller removes.

    Args:
        source: its path or URL; credentials in it are never shown.
        clone: where the clone is made.

    Raises:
        LayerError: it can't be cloned.
    """

    def __init__(self, source: str, clone: Path) -> None:
        self.name = redact_text(source)
        self._clone = clone
        done = try_git("clone", "--quiet", "--bare", "--", source, str(clone))
        if done.returncode != 0:
            reason = reason_of(done.stderr.replace(os.fsencode(source), self.name.encode()))
            raise LayerError(
                f"{self.name} can't be cloned ({reason}). Give another path or URL with --from or "
                "in pyproject.toml, or mend the access to this one: `git ls-remote` of it has to "
                "work without asking for a password"
            )

    def newest_tag(self) -> str | None:
        """Return the tag of the newest release, None where there is none."""
        return newest(self._git("tag", "--list").split())

    def release(self, version: str) -> Release:
        """Return the layer of a version, or of a branch or commit.

        Raises:
            LayerError: there is no such version, or no layer in it.
        """
        commit = self._commit_of(version)
        if commit is None:
            tags = [tag for tag in self._git("tag", "--list").split() if version_key(tag)]
            known = ", ".join(newest_first(tags)[:5])
            raise LayerError(
                f"{self.name} has no version {version!r}; "
                + (f"its newest are {known}" if known else "it has no version tags at all")
            )
        found = self._release_in(commit)
        if found is None:
            raise LayerError(
                f"{version} of {self.name} has no src/*/tracking/{MANIFEST}: it is older than "
                "`layer update`, or no repository of the layer"
            )
        return found

    def target(self, version: str | None) -> Release:
        """Return the version asked for, else the newest release, else what the clone points to."""
        return self.release(version if version is not None else self.newest_tag() or "HEAD")

    def base_of(self, manifest: Manifest) -> Release:
        """Return the release that a project's folder was made from: the one with its manifest.

        That is the tag of its version, or a commit between two tags that a project was made from.

        Raises:
            LayerError: no commit has this manifest.
        """
        commits = [self._commit_of(manifest.layer)]
        blob = self._git("hash-object", "--stdin", feed=manifest.text().encode()).strip()
        log = ("log", "--all", "-m", "--format=%H", f"--find-object={blob}")
        is_there = try_git("cat-file", "-e", blob, cwd=self._clone).returncode == 0
        commits += self._git(*log).split() if is_there else []
        for commit in filter(None, commits):
            try:
                found = self._release_in(commit)
            except LayerError:
                continue  # a manifest that was broken once is not the one looked for
            if found is not None and found.manifest == manifest:
                return found
        raise LayerError(
            f"no commit of {self.name} has the {MANIFEST} of this project (layer "
            f"{manifest.layer}): give the repository that the project was made from, or restore "
            f"{MANIFEST} if it was edited"
        )

    def is_ancestor(self, first: Release, second: Release) -> bool:
        """Whether the first release is part of the second's history."""
        words = ("merge-base", "--is-ancestor", first.commit, second.commit)
        return try_git(*words, cwd=self._clone).returncode == 0

    def extract(self, release: Release, to: Path) -> None:
        """Write the folder of a release to disk, byte for byte as it was committed.

        Raises:
            LayerError: a file is not what its manifest says.
        """
        # Not `git archive`, which converts line ends and leaves out what attributes tell it to.
        listed = self._git("ls-tree", "-r", "-z", "--full-tree", release.commit)
        entries = [line.split("\t", 1) for line in listed.split("\0") if line]
        inside = {
            path: about.split() for about, path in entries if path.startswith(f"{release.place}/")
        }
        contents = blobs([blob for _, _, blob in inside.values()], self._clone)
        for (path, (mode, kind, _)), content in zip(inside.items(), contents, strict=True):
            if kind != "blob" or mode not in ("100644", "100755"):
                raise LayerError(f"{path} of {self.name} is no plain file (mode {mode})")
            place = to / path[len(release.place) + 1 :]
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
            place.chmod(0o755 if mode == "100755" else 0o644)
        if hash_files(to) != dict(release.manifest.files):
            raise LayerError(
                f"the {MANIFEST} of {release.manifest.layer} in {self.name} does not fit its "
                "files: its maintainer has to run `python -m scripts.write_manifest`"
            )

    def changelog(self, release: Release) -> str:
        """Return the whole changelog as of a release, empty where there is none."""
        done = try_git("cat-file", "blob", f"{release.commit}:{CHANGELOG}", cwd=self._clone)
        return plain(done.stdout).decode("utf8", "replace") if done.returncode == 0 else ""

    def _commit_of(self, version: str) -> str | None:
        if not _REVISION.match(version):
            return None
        for name in (*(f"refs/tags/{tag}" for tag in spellings(version)), version):
            words = ("rev-parse", "--verify", "--quiet", name + "^{commit}")
            done = try_git(*words, cwd=self._clone)
            if done.returncode == 0:
                return done.stdout.decode().strip()
        return None

    def _release_in(self, commit: str) -> Release | None:
        listed = self._git("ls-tree", "-r", "-z", "--full-tree", "--name-only", commit)
        places = [path for path in listed.split("\0") if _PLACE.match(path)]
        if not places:
            return None
        # Test data may hold another one, deeper.
        path = min(places, key=lambda place: (place.count("/"), place))
        content = git("cat-file", "blob", f"{commit}:{path}", cwd=self._clone)
        try:
            manifest = parse_manifest(content.decode("utf8"), f"{path} in {commit[:10]}")
        except ValueError as error:
            raise LayerError(str(error)) from error
        return Release(commit, path[: -len(MANIFEST) - 1], manifest)

    def _git(self, *words: str, feed: bytes = b"") -> str:
        return git(*words, cwd=self._clone, feed=feed).decode("utf8", "replace")
