"""`scripts/install_layer.py` in projects that are not as it would like them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from scripts.installing.folder import IGNORE
from scripts.installing.record import RECORD
from tests.harness.doors import PYTHON
from tests.install.plain import SETTINGS, Plain
from tests.layer.rig import commit, git

SETTINGS_FILE = "src/plain/settings.py"
MLFLOW_HOOK = "By hand, src/plain/settings.py: kedro-mlflow's own hook stands in HOOKS"


def _wrapper(path: Path, first: str = "") -> Path:
    """Make a program that does something first, and is the project's interpreter then."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\n{first}\nexec {PYTHON} "$@"\n')
    path.chmod(0o755)
    return path


def test_layer_that_was_there_before_is_never_taken_out(plain: Plain) -> None:
    """A project of the template has it, and the installation adds what is missing only."""
    plain.install("--yes")
    (plain.layer / RECORD).unlink()
    git(plain.root, "checkout", "--", "requirements.txt")
    told = plain.install("--yes")
    assert "the layer was there before, so that --uninstall takes nothing of this back" in told
    assert "mlflow>=3" in (plain.root / "requirements.txt").read_text()
    assert "was not installed by this script" in plain.install("--uninstall", "--yes", code=2)
    assert plain.layer.exists()


def test_edited_file_that_needs_the_layer_no_more_stays(plain: Plain) -> None:
    """It was made by the installation, and is the owner's now; before, it holds the layer."""
    plain.install("--yes")
    cli = plain.root / "src/plain/cli.py"
    made = cli.read_text()
    cli.write_text(f"{made}\n\n@cli.command()\ndef mine() -> None: ...\n")
    told = plain.install("--uninstall", "--yes", code=2)
    assert "delete it, or take out what imports the layer" in told
    mine = '"""Commands beside `kedro mlflow`, and no tracking."""\nfrom mlflow.tracking import x\n'
    cli.write_text(f"\ufeff{mine}")
    told = plain.install("--uninstall", "--yes", code=1)
    assert "By hand, src/plain/cli.py: it was made by the installation" in told
    assert not plain.layer.exists()
    assert plain.changes() == ["?? src/plain/cli.py"]
    assert cli.read_text() == f"\ufeff{mine}"


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_requirements_that_are_no_utf_8_are_told(plain: Plain, encoding: str) -> None:
    """As long as they lack something."""
    text = "# für alle\nkedro~=1.0\n"
    (plain.root / "requirements.txt").write_bytes(text.encode(encoding))
    told = plain.install("--yes", code=1)
    assert "By hand, requirements.txt: it is no UTF-8" in told
    assert "save it as that, and run this again, or add these:\n    kedro-datasets\n" in told
    (plain.root / "requirements.txt").write_bytes(f"{text}kedro-datasets\nmlflow".encode(encoding))
    assert "Nothing to do." in plain.install("--yes")


def test_pyproject_that_is_no_utf_8_is_told(plain: Plain) -> None:
    path = plain.root / "pyproject.toml"
    path.write_bytes(path.read_bytes() + "# für alle\n".encode("latin-1"))
    assert "pyproject.toml is no TOML: 'utf-8' codec" in plain.install("--yes", code=2)


def test_interpreter_is_found_from_where_the_user_is(plain: Plain) -> None:
    """Though it is asked elsewhere."""
    for name in ("own/python", "./python"):
        _wrapper(plain.root.parent / name)
        told = plain.install("--dry-run", "--python", name)
        assert "new folder src/plain/tracking" in told


def test_files_that_git_ignores_are_told_each_time(plain: Plain) -> None:
    """And mended, say where an installation was killed before."""
    plain.install("--yes")
    plain.write(IGNORE, f"{(plain.root / IGNORE).read_text()}models/\n")
    told = plain.install("--dry-run")
    assert "files of the layer: it gets a .gitignore of its own" in told
    assert not (plain.layer / IGNORE).exists()
    plain.install("--yes")
    assert (plain.layer / IGNORE).exists()
    assert "Nothing to do." in plain.install("--yes")
    # The owner's own rules stay, and are told.
    (plain.layer / IGNORE).write_text("models/\n")
    assert "mend the .gitignore that does it" in plain.install("--yes", code=1)
    assert (plain.layer / IGNORE).read_text() == "models/\n"
    # Where nothing can be done, nobody is asked.
    for words in ((), ("--dry-run",)):
        told = plain.install(*words, code=1)
        assert "mend the .gitignore that does it" in told
        assert ".gitignore of its own" not in told
        assert "Install it?" not in told


def test_update_that_is_at_work_is_told(plain: Plain) -> None:
    """Before anything was begun."""
    (plain.layer.parent / f".layer-update-{os.getpid()}-x").mkdir()
    told = plain.install("--yes", code=2)
    assert told.startswith("Nothing was changed: another update of ")


def test_folders_beside_the_package_stay(plain: Plain) -> None:
    """But for what a killed installation has left, which only a look leaves too."""
    own, left = (
        plain.layer.parent / name for name in (".tracking-old", ".layer-update-999999999-x")
    )
    own.mkdir()
    left.mkdir()
    plain.install("--dry-run")
    assert own.exists()
    assert left.exists()
    plain.install("--yes")
    plain.install("--uninstall", "--yes")
    assert own.exists()
    assert not left.exists()
    assert list(plain.layer.parent.glob(".layer-update-*")) == []


def test_broken_record_is_told(plain: Plain) -> None:
    """Before anything is written."""
    plain.install("--yes")
    (plain.layer / RECORD).write_text("{}")
    git(plain.root, "checkout", "--", "requirements.txt")
    before = plain.changes()
    told = plain.install("--yes", code=2)
    assert told.startswith("Nothing was changed: ")
    assert f"{RECORD} can't be read ('changes'): restore it with Git" in told
    assert plain.changes() == before


def test_file_that_can_t_be_read_is_no_broken_record(plain: Plain) -> None:
    plain.install("--yes")
    path = plain.root / SETTINGS_FILE
    path.write_bytes(path.read_bytes() + "# für mich\n".encode("latin-1"))
    told = plain.install("--uninstall", "--yes", code=2)
    assert told.startswith(f"Nothing was changed: {SETTINGS_FILE} is no UTF-8")
    assert RECORD not in told


def test_config_that_is_gone_is_made_again(plain: Plain) -> None:
    """For the settings import it."""
    plain.install("--yes")
    (plain.root / "src/plain/mlflow_config.py").unlink()
    assert "+++ b/src/plain/mlflow_config.py" in plain.install("--yes")
    assert (plain.root / "src/plain/mlflow_config.py").exists()


def test_interpreter_without_yaml_is_told(plain: Plain, tmp_path: Path) -> None:
    refuse = 'case "$1" in *yaml_events.py) echo "No module named yaml" >&2; exit 1;; esac'
    python = _wrapper(tmp_path / "python", refuse)
    told = plain.install("--yes", f"--python={python}", code=2)
    why = f"{python} can't read YAML, which Kedro needs too: No module named yaml"
    assert told == f"Nothing was changed: {why}.\n"


@pytest.mark.parametrize("place", ["etc", "{outside}/etc"])
def test_configuration_that_is_elsewhere(plain: Plain, tmp_path: Path, place: str) -> None:
    """With another name of the base environment, in a file that begins as Windows likes it."""
    conf = place.format(outside=tmp_path)
    (plain.root / conf).mkdir()
    shutil.move(plain.root / "conf/base", plain.root / conf / "common")
    more = f"CONF_SOURCE: str = {conf!r}\nCONFIG_LOADER_ARGS = {{'base_env': 'common'}}\n"
    (plain.root / SETTINGS_FILE).write_bytes(f"\ufeff{SETTINGS}{more}".encode())
    catalog = plain.root / conf / "common/catalog.yml"
    before = f"{catalog.read_text()}n:\n  type: kedro_mlflow.io.metrics.MlflowMetricDataset\n"
    catalog.write_text(before)
    told = plain.install("--yes")
    assert f'+            "{conf}/common/parameters.yml",\n' in told
    assert "+  type: plain.tracking.MLflowDataset\n" in told
    assert "kedro_mlflow" not in catalog.read_text()
    plain.install("--uninstall", "--yes")
    assert catalog.read_text() == before


def test_pyproject_that_requires_kedro_is_enough(plain: Plain) -> None:
    """A requirements.txt without it is for something else."""
    path = plain.root / "pyproject.toml"
    path.write_text(f'[project]\nname = "x"\ndependencies = ["kedro"]\n{path.read_text()}')
    plain.write("requirements.txt", "sphinx\n")
    commit(plain.root)
    plain.install("--yes")
    assert " M requirements.txt" not in plain.changes()
    assert "mlflow>=3" in path.read_text()


def test_hook_of_kedro_mlflow_is_told_where_it_is_used(plain: Plain) -> None:
    """Not where somebody has written of it."""
    plain.write(SETTINGS_FILE, f"# No MlflowHook any more.\n{SETTINGS}")
    assert MLFLOW_HOOK not in plain.install("--dry-run")
    used = SETTINGS.replace("(Mine(),)", "(Mine(), hooks.MlflowHook())")
    plain.write(SETTINGS_FILE, f"from kedro_mlflow.framework import hooks\n{used}")
    assert MLFLOW_HOOK in plain.install("--dry-run")
    imported = "from kedro_mlflow.framework.hooks import MlflowHook"
    plain.write(SETTINGS_FILE, f"{imported}\n{SETTINGS}")
    assert MLFLOW_HOOK not in plain.install("--dry-run")
    used = SETTINGS.replace("(Mine(),)", "(Mine(), Theirs())")
    plain.write(SETTINGS_FILE, f"{imported} as Theirs\n{used}")
    assert MLFLOW_HOOK in plain.install("--dry-run")


def test_files_for_the_wheel_are_told(plain: Plain) -> None:
    """Where their table is written in another way."""
    path = plain.root / "pyproject.toml"
    path.write_text(f'{path.read_text()}\n[tool.setuptools]\npackage-data = {{x = ["y"]}}\n')
    told = plain.install("--yes", code=1)
    assert "[tool.setuptools.package-data] can't be found in its text" in told
    assert '\n    "plain.tracking" = ["manifest.json", "README.md"]\n' in told


def test_files_that_were_kept_before_stay(plain: Plain) -> None:
    for number, name in enumerate(("tracking-kept", "tracking-kept-2")):
        plain.install("--yes")
        (plain.layer / "mine.py").write_text(f"{number}")
        assert f"yours, kept in {name}/: mine.py" in plain.install("--uninstall", "--yes")
        assert (plain.root / name / "mine.py").read_text() == f"{number}"
    assert (plain.root / "tracking-kept/mine.py").read_text() == "0"
