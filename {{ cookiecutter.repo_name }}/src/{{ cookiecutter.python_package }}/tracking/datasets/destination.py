"""Saving to another run, experiment or store than the run's own."""

from dataclasses import dataclass
from pathlib import Path

from ..journal import layout
from ..journal.events import text_digest
from ..journal.places import SPARE, spare_folders
from ..recording.recorder import Recorder
from ..redact import redact_text


@dataclass(frozen=True)
class Destination:
    """Where an MLflow dataset saves to; the run itself if nothing is set.

    Such values go through a journal of their own, `<run key>.<hash>`, beside the run's.

    Args:
        tracking_uri: another tracking store.
        experiment_name: another experiment, in a run of its own.
        run_id: another run.
    """

    tracking_uri: str | None = None
    experiment_name: str | None = None
    run_id: str | None = None

    @property
    def is_own(self) -> bool:
        """Whether it is the run itself."""
        return self == Destination()

    def recorder(self, own: Recorder) -> Recorder:
        """Return the recorder for this destination, given the run's own."""
        if self.is_own:
            return own
        key = self._key(own)
        side = own.sides.get(key)
        if side is None:
            side = own.sides[key] = Recorder(key, self._folder(own, key), secrets=own.secrets)
        return side

    def is_run_of(self, own: Recorder) -> None:
        """Let a run that was begun for this destination record here itself."""
        own.sides[self._key(own)] = own

    def announce(self, own: Recorder) -> None:
        """Note, in the process that began the run, the store that the side journal goes to."""
        if not self.is_own:
            own.side_uris[self._key(own)] = self.tracking_uri

    def _key(self, own: Recorder) -> str:
        text = f"{self.tracking_uri}|{self.experiment_name}|{self.run_id}"
        return f"{own.key}.{text_digest(text)[:8]}"

    def _folder(self, own: Recorder, key: str) -> Path:
        """Make the side journal's folder beside one of the run's."""

        def make(place: Path) -> Path:
            folder = place.with_name(key)
            folder.mkdir(mode=0o700, exist_ok=True)
            self._write_header(own, folder)
            return folder

        try:
            return own.places.store(make)
        except OSError as error:
            own.warn(key, f"what goes to {self._target()} is not recorded: {error}")
            return own.folder.with_name(key)

    def _target(self) -> str:
        """Return the destination in words, without credentials."""
        named = {"store": self.tracking_uri, "experiment": self.experiment_name, "run": self.run_id}
        return ", ".join(f"{kind} {redact_text(name)!r}" for kind, name in named.items() if name)

    def _write_header(self, own: Recorder, folder: Path) -> None:
        header = layout.read_json(own.folder / layout.HEADER)
        settings = dict(header.get("settings", {}))
        settings["run_id"] = self.run_id
        if self.run_id is None:
            settings["nested"] = False
        if self.experiment_name is not None:
            settings.update(experiment_name=self.experiment_name, experiment_id=None)
            settings["artifact_location"] = None
        if self.tracking_uri is not None:
            settings["uri"] = redact_text(self.tracking_uri)
        header.update(key=folder.name, settings=settings, side_of=own.key, main=str(own.folder))
        layout.write_json(folder / layout.HEADER, {**header, SPARE: spare_folders(folder)}, True)
