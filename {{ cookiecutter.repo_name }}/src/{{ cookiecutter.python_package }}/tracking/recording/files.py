"""Records files: artifacts, texts and models."""

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from ..journal import snapshot
from ..journal.artifact_names import ArtifactNames
from ..redact import mask_known
from ..redact_files import mask_copy, mask_names, redact_document, redact_file
from .voice import Voice


class FileVoice(Voice):
    """Says what files a run made or was given; a copy of each lies in the journal."""

    _names: ArtifactNames | None = None

    def log_artifact(
        self,
        path: str | os.PathLike[str],
        artifact_path: str | None = None,
        *,
        owned: bool = False,
        since: int = 0,
        is_data: bool = False,
        origin: str | None = None,
    ) -> None:
        """Record a file or folder as an artifact, as it is now: a later change does not show.

        Secrets in configuration, logs and patches are masked in the copy; it is said, by name.

        Args:
            path: the file or folder.
            artifact_path: the folder inside the run's artifacts; the top by default.
            owned: the file lies in the journal already and nobody else writes to it.
            since: of a file that is only appended to, the bytes at its begin to leave out.
            is_data: a node made it, so that its names tell nothing: known secrets only are masked.
            origin: what tells it from other files of the same name; its path by default.
        """
        source = Path(path)
        try:
            folder = snapshot.safe_artifact_path(artifact_path)
            origin = origin or (f"dataset/{source.name}" if owned else str(source.absolute()))
            folder, name = self._masked_place(folder, source.name)
            folder = self._folder_for(name, folder, origin)
            stored = source if owned else self._take(source, since)
            name = stored.name if name == source.name else name
            stored = self._without_secrets(stored, owned, is_data, name)
            self._say_artifact(stored, folder, owned)
        except (OSError, ValueError) as error:
            self.warn(str(path), f"artifact {str(path)!r} is not recorded: {error}")

    def artifact_folder(self, path: Path) -> str | None:
        """Return the artifact folder that a file will get, as `log_artifact` gives it."""
        return self._folder_for(path.name, None, str(path.absolute()))

    def reserve(self, name: str, origin: str | None = None) -> None:
        """Keep a name at the top of the run's artifacts for a file that comes later.

        Args:
            name: the file's name.
            origin: as for `log_artifact`; by default a text, or what the exporter makes.
        """
        self._folder_for(name, None, origin or f"tracking/{name}")

    def _folder_for(self, name: str, wanted: str | None, origin: str) -> str | None:
        if self._names is None:
            self._names = ArtifactNames(self.places)
        masked = mask_known(origin, self.secrets)
        if masked != origin:  # it still tells two files apart
            digest = hashlib.sha256(origin.encode("utf-8", "surrogatepass")).hexdigest()
            origin = f"{masked} {digest[:8]}"
        folder = self._names.folder_for(name, wanted, origin)
        if folder != wanted:
            self.warn(
                f"{folder}/{name}",
                f"two files of this run are called {name!r}: {origin!r} is recorded as "
                f"'{folder}/{name}'",
            )
        return folder

    def _masked_place(self, folder: str | None, name: str) -> tuple[str | None, str]:
        """Return an artifact's folder and name with the secrets in them masked."""
        path = str(PurePosixPath(folder or "", name))
        masked = PurePosixPath(mask_known(path, self.secrets))
        if str(masked) == path:
            return folder, name
        self._say_masked_names([str(masked)])
        return (None if str(masked.parent) == "." else str(masked.parent)), masked.name

    def _without_secrets(self, stored: Path, owned: bool, is_data: bool, name: str) -> Path:
        """Mask the secrets in a copy; what others still need is masked in another copy."""
        if owned and (
            stored.name != name
            or stored.is_dir()
            and any(self._has_secrets(path, stored, is_data) for path in stored.rglob("*"))
        ):
            stored, owned = self._take(stored), False
        names = []
        if not owned:
            stored = stored.rename(stored.with_name(name))
            names = mask_copy(stored, self.secrets, by_names=not is_data)
            self._say_masked_names(mask_names(stored, self.secrets))
        elif stored.is_file():
            masked = redact_file(stored, self.secrets, by_names=not is_data)
            if masked is not None:
                names = [stored.name]
                stored = snapshot.write(self.places, stored.name, masked)
        for one in names:
            self._say_masked(one)
        return stored

    def _has_secrets(self, path: Path, top: Path, is_data: bool) -> bool:
        name = path.relative_to(top).as_posix()
        if mask_known(name, self.secrets) != name:
            return True
        is_file = path.is_file()
        return is_file and redact_file(path, self.secrets, by_names=not is_data) is not None

    def _say_masked_names(self, names: Sequence[str]) -> None:
        if names:
            more = f" and {len(names) - 1} more" if len(names) > 1 else ""
            self.warn(
                f"masked name {names[0]}",
                f"a secret in the name {names[0]!r}{more} is masked in MLflow; name files by what "
                f"is no secret",
            )

    def _say_masked(self, name: str) -> None:
        self.warn(
            f"masked {name}",
            f"secrets in {name!r} are masked in MLflow, and not in the file itself; keep them "
            f"in conf/local/credentials.yml, which is not recorded",
        )

    def _say_artifact(self, stored: Path, folder: str | None, owned: bool) -> None:
        event: dict[str, Any] = {"e": "artifact", "f": self.places.relative(stored), "p": folder}
        if owned and stored.is_file() and stored.stat().st_nlink > 1:
            event["state"] = snapshot.state(stored)
        else:
            event["size"] = snapshot.size_of(stored)
        self.append(event)

    def log_model(
        self,
        name: str,
        path: Path,
        flavor: str,
        about: Mapping[str, Any],
        code: Iterable[Path],
        options: Mapping[str, Any],
    ) -> None:
        """Record a pickled model, which the exporter logs as an MLflow model.

        Args:
            name: its name in the run.
            path: the pickle; copied, unless it lies in the journal.
            flavor: MLflow's flavour for it.
            about: its signature, input example and the packages it needs.
            code: folders and files of the project's own that it needs; copied.
            options: how it is kept, as `models.options.ModelOptions.as_event` gives it.
        """
        event = {**options, "e": "model", "n": name, "flavor": flavor}
        try:
            own = path if self.places.relative(path) else self._take(path)
            copies = [self._take_code(place) for place in code]
        except (OSError, ValueError) as error:
            self.warn(name, f"the model {name!r} is not recorded: {error}")
            return
        event["f"] = self.places.relative(own)
        copied = [self.places.relative(copy) for copy in copies]
        self.append({**event, "about": {**about, "code": copied}})

    def log_text(
        self, text: str, artifact_file: str, is_users: bool = False, masked: str | None = None
    ) -> None:
        """Record a text as an artifact file, say `traceback.txt`, with secrets masked.

        Args:
            text: the text.
            artifact_file: its path inside the run's artifacts.
            is_users: the user wrote it, and is told if there are secrets in it.
            masked: the text with secrets masked, where that is done already.
        """
        try:
            name = snapshot.safe_artifact_path(artifact_file) or "text.txt"
            clean = redact_document(text, name, self.secrets) if masked is None else masked
            if is_users and clean != text:
                self._say_masked(name)
            stored = snapshot.write(self.places, Path(name).name, _encoded(clean))
            parent = Path(name).parent.as_posix()
            folder = None if parent == "." else parent
            folder = self._folder_for(Path(name).name, folder, f"tracking/{name}")
            self._say_artifact(stored, folder, owned=True)
        except (OSError, ValueError) as error:
            self.warn(artifact_file, f"artifact {artifact_file!r} is not recorded: {error}")

    def _take(self, source: Path, since: int = 0) -> Path:
        return self.places.store(lambda folder: snapshot.take(source, folder, since))

    def _take_code(self, source: Path) -> Path:
        return self.places.store(lambda folder: snapshot.take_code(source, folder))


def _encoded(text: str) -> bytes:
    """Return a text as UTF-8; bytes that were no UTF-8 when they were read stay as they were."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")
