"""What one layer tells the next one's updater: the contract of the hand-over.

The layer that a project has can't know the rules of a newer one. So it only fetches: it writes the
two released folders and this job to a temporary folder, and runs, with nothing but that folder to
import from,

    python -m tracking.layer.updater job.json

The exit code is 0 for done, 1 for conflicts that wait for the owner, 2 for refused, 130 for Ctrl-C.
A field is never renamed or given another meaning; a new one has a default, for the jobs of older
layers.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

FORMAT = 1
DONE, OPEN, REFUSED = 0, 1, 2
# As a shell says of a program that Ctrl-C ended.
INTERRUPTED = 130
INTERRUPTED_TEXT = "Interrupted: `kedro mlflow layer status` says which layer is there, whole."


@dataclass(frozen=True)
class Job:
    """One update, as the layer that is to be replaced has prepared it.

    Args:
        folder: the project's tracking folder, absolute.
        base: the folder as it was released, `…/base/tracking`; None to bring the target in whole,
            where the project has no folder or can't say which it is.
        target: the folder that is to come in, `…/target/tracking`.
        base_version: the version of the base; None without a base.
        target_version: the version of the target.
        python: the project's interpreter, for the self-test.
        changelog: the whole changelog as of the target, a file; None if there is none.
        dry_run: only say what would happen.
        self_test: run the new layer once before it comes in.
        format: the version of this contract.
    """

    folder: str
    base: str | None
    target: str
    base_version: str | None
    target_version: str
    python: str
    changelog: str | None = None
    dry_run: bool = False
    self_test: bool = True
    format: int = FORMAT

    def write(self, path: Path) -> None:
        """Write the job as JSON."""
        path.write_text(json.dumps(asdict(self), indent=2) + "\n", "utf8")

    @classmethod
    def read(cls, path: Path) -> "Job":
        """Read a job; fields that this layer does not know are left out."""
        content = json.loads(path.read_text("utf8"))
        known = {key: value for key, value in content.items() if key in cls.__dataclass_fields__}
        return cls(**known)
