"""Writes what golden journals must look like in MLflow; run by hand, once for each format.

    python -m tests.journal.golden.expected format-1

It exports copies with the layer of this checkout. Once a release stands behind a set, a picture is
changed by hand only, for a difference that was meant.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.harness.baked import BakedProject
from tests.harness.doors import PYTHON, cookiecutter, copy_template

from .copies import HERE, copy_golden
from .picture import Album


def export_golden(tracking: Callable[[str], Any], name: str, root: Path) -> dict[str, Any]:
    """Export copies of a golden set to the store of `project` in a folder; return the summaries.

    The working directory must be `project`: an experiment without a place of its own for artifacts
    gets one below it.
    """
    uri = f"sqlite:///{root / 'project' / 'mlruns' / 'sqlite.db'}"
    export = tracking("exporting.journals").export_journal
    return {folder.name: export(folder, uri) for folder in copy_golden(name, root)}


def main(name: str) -> None:
    """Write the pictures of a golden set."""
    with TemporaryDirectory() as made, TemporaryDirectory() as work:
        config = Path(made) / "config.yml"
        config.write_text(f"cookiecutters_dir: {made}/clones\nreplay_dir: {made}/replay\n")
        template = copy_template(Path(made) / "template")
        (Path(made) / "out").mkdir()
        done = cookiecutter(template, "My Iris", Path(made) / "out", config)
        assert done.returncode == 0, done.stderr
        root = Path(work).resolve()
        (root / "project").mkdir()
        os.chdir(root / "project")
        project = BakedProject(Path(made) / "out" / "my-iris", PYTHON)
        for key, summary in export_golden(project.tracking, name, root).items():
            print(key, summary["state"], *summary["notes"], sep="\n  ")
            assert summary["state"] == "exported", summary
        folder = HERE / name / "expected"
        folder.mkdir()
        uri = f"sqlite:///{root / 'project' / 'mlruns' / 'sqlite.db'}"
        for key, picture in Album(uri, root).pictures().items():
            text = json.dumps(picture, indent=1, sort_keys=True)
            (folder / f"{key}.json").write_text(f"{text}\n")


if __name__ == "__main__":
    main(sys.argv[1])
