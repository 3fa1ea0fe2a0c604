"""Where an update looks for newer layers, which version it takes, and what it never prints."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.template_layer import TRACKING, module
from tests.harness.doors import ROOT
from tests.layer.rig import (
    SCRIPT,
    Project,
    Repository,
    changed,
    commit,
    git,
    make_project,
    run_update,
)

source, versions, layer_git = module("layer.source"), module("layer.versions"), module("layer.git")
SECRET = "hunter2-of-mine"


def in_pyproject(value: str) -> str:
    return f"[project]\nname = 'x'\n\n[tool.kedro-mlflow-layer]\nsource = {value}  # ours\n"


def test_source_comes_from_the_flag_then_pyproject(mine: Project, tmp_path: Path) -> None:
    pyproject = mine.root / "pyproject.toml"
    pyproject.write_text(in_pyproject('"../starter"'))
    assert source.resolve_source(None, mine.root) == str(tmp_path / "starter")
    assert source.resolve_source("/elsewhere", mine.root) == "/elsewhere"
    for remote in ("https://host/starter.git", "git@host:me/starter.git"):
        pyproject.write_text(in_pyproject(f"'{remote}'"))
        assert source.resolve_source(None, mine.root) == remote


def test_update_without_a_source_says_how_to_give_one(mine: Project) -> None:
    with pytest.raises(layer_git.LayerError, match=r"--from PATH-or-URL[\s\S]*kedro-mlflow-layer"):
        source.resolve_source(None, mine.root)


def test_empty_source_and_version_are_refused(mine: Project) -> None:
    """Neither stands for the working directory, the project, or the newest release."""
    (mine.root / "pyproject.toml").write_text(in_pyproject('""'))
    for given in ("", None):
        with pytest.raises(layer_git.LayerError, match="no repository is named to update from"):
            source.resolve_source(given, mine.root)
    code, said = mine.update("")
    assert (code, said) == (
        2,
        f"The layer was not updated: {mine.source} has no version ''; its newest are 0.1.0.\n",
    )
    with pytest.raises(layer_git.LayerError, match="has no version ''"):
        module("layer.handover").upstream_diff(mine.folder, str(mine.source), "")


def test_clone_that_fails_says_why_and_what_to_do(
    mine: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    said = run_update(mine.root, tmp_path / "nowhere")[1]
    assert "can't be cloned (fatal: repository '" in said
    monkeypatch.setenv("GIT_SSH_COMMAND", "echo 'ssh: connect to host h: refused' >&2; exit 255; :")
    code, said = run_update(mine.root, "git@h:me/starter.git")
    assert code == 2
    assert said == (
        "The layer was not updated: git@h:me/starter.git can't be cloned (ssh: connect to host h: "
        "refused; fatal: Could not read from remote repository.). Give another path or URL with "
        "--from or in pyproject.toml, or mend the access to this one: `git ls-remote` of it has to "
        "work without asking for a password.\n"
    )


def test_repository_that_git_does_not_trust_is_said_with_the_remedy(
    mine: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(layer_git.LayerError, match=r"dubious ownership .* --add safe\.directory"):
        module("layer.checkout").checkout_of(mine.folder)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (in_pyproject('"a"'), "a"),
        (in_pyproject("'a'"), "a"),
        ('[tool."kedro-mlflow-layer"]\nsource="a"\n[tool.x]\nsource="b"\n', "a"),
        ('[tool.x]\nsource = "b"\n', None),
        ("", None),
    ],
)
def test_source_is_found_in_its_own_section(text: str, found: str | None) -> None:
    assert source.configured_source(text) == found


def test_python_without_a_reader_of_toml_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("tomllib", "tomli"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(layer_git.LayerError, match=r"can't be read \(.*toml.*\): give --from"):
        source.configured_source("")


@pytest.mark.parametrize("value", ["3", "['a']"])
def test_source_of_another_type_is_refused(value: str) -> None:
    with pytest.raises(layer_git.LayerError, match="must be a path or URL"):
        source.configured_source(in_pyproject(value))


def test_password_in_a_url_is_never_printed(mine: Project) -> None:
    for url in (
        f"http://me:{SECRET}@127.0.0.1:9/starter.git",
        f"http://{SECRET}@127.0.0.1:9/starter.git",
        f"file://me:{SECRET}@localhost/nowhere.git",
        f"nosuch://me:{SECRET}@127.0.0.1/starter.git",
    ):
        code, said = run_update(mine.root, url)
        assert code == 2, said
        assert "can't be cloned" in said
        assert SECRET not in said


@pytest.mark.slow
def test_folder_that_is_no_repository_is_refused(mine: Project, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    code, said = run_update(mine.root, tmp_path / "empty")
    assert code == 2
    assert f"{tmp_path / 'empty'} can't be cloned" in said


@pytest.mark.slow
def test_source_that_looks_like_an_option_is_none(mine: Project, tmp_path: Path) -> None:
    with pytest.raises(layer_git.LayerError, match="can't be cloned"):
        module("layer.upstream").Upstream("--upload-pack=touch x", tmp_path / "clone")


def test_versions_are_ordered_as_people_do() -> None:
    order = ["0.1.0", "0.2.0rc1", "0.2", "v0.2.1", "0.10.0", "1.0.0-beta2", "1.0"]
    keys = [versions.version_key(version) for version in order]
    assert keys == sorted(keys)
    assert versions.version_key("0.2") == versions.version_key("v0.2.0")
    assert versions.version_key("nightly") is None
    assert versions.newest(["nightly", "v0.2.0", "0.10.0", "1.0.0rc1"]) == "0.10.0"
    assert versions.newest(["nightly"]) is None


@pytest.mark.slow
def test_newest_release_comes_by_default_and_others_by_name(
    mine: Project, repository: Repository
) -> None:
    repository.release("0.2.0", {"hooks.py": changed(3, by="two")}, tag="v0.2.0")
    repository.release("0.10.0", {"hooks.py": changed(3, by="ten")}, tag="v0.10.0")
    repository.release("1.0.0rc1", {"hooks.py": changed(3, by="one")})
    assert "layer 0.1.0 -> 0.10.0" in mine.update(None, "--dry-run")[1]
    assert "layer 0.1.0 -> 0.2.0" in mine.update("0.2.0", "--dry-run")[1]
    assert "layer 0.1.0 -> 0.2.0" in mine.update("v0.2.0", "--dry-run")[1]
    assert "layer 0.1.0 -> 1.0.0rc1" in mine.update("main", "--dry-run")[1]


@pytest.mark.slow
def test_unknown_version_is_refused_with_the_newest(mine: Project, repository: Repository) -> None:
    repository.release("0.2.0")
    code, said = mine.update("0.3.0")
    assert code == 2
    assert "has no version '0.3.0'; its newest are 0.2.0, 0.1.0" in said


@pytest.mark.slow
def test_version_older_than_layer_update_is_refused(mine: Project, repository: Repository) -> None:
    git(repository.root, "checkout", "--quiet", "--orphan", "old")
    git(repository.root, "rm", "-rfq", ".")
    commit(repository.root)
    git(repository.root, "tag", "0.0.1")
    code, said = mine.update("0.0.1")
    assert code == 2
    assert "it is older than `layer update`" in said


def test_update_outside_of_a_project_is_refused(tmp_path: Path) -> None:
    (tmp_path / "lib" / "mine" / "tracking").mkdir(parents=True)
    with pytest.raises(layer_git.LayerError, match="lies in no project"):
        source.project_of(tmp_path / "lib" / "mine" / "tracking")


@pytest.mark.slow
def test_git_that_is_missing_is_said(mine: Project, tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPT), str(mine.root)]
    done = subprocess.run(command, env={"PATH": str(tmp_path)}, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr == (
        "The layer was not updated: git is not installed, and the update merges with it.\n"
    )


def test_modules_of_the_layer_need_the_standard_library_only() -> None:
    """The updater runs with nothing but Python and Git."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import tracking.layer.updater, tracking.layer.handover, tracking.manifest\n"
        "print(*sorted(n for n in ('click', 'kedro', 'mlflow') if n in sys.modules))"
    )
    command = [sys.executable, "-S", "-c", code, str(TRACKING.parent)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "\n"), done.stderr


def test_folder_that_cannot_be_written_is_refused(
    mine: Project, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    swap = module("layer.swap")

    def refuse(**_: object) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(swap.tempfile, "mkdtemp", refuse)
    with (
        pytest.raises(layer_git.LayerError, match=r"can't be written to \(Permission denied\)"),
        swap.room_beside(mine.folder),
    ):
        pytest.fail("no room")


@pytest.mark.slow
def test_project_made_elsewhere_may_be_the_source(
    mine: Project, repository: Repository, tmp_path: Path
) -> None:
    repository.release("0.2.0", {"hooks.py": changed(3, by="new")})
    other = make_project(tmp_path / "other", repository)
    git(mine.root, "remote", "add", "other", str(other.root))
    code, said = run_update(mine.root, other.root)
    assert code == 2  # it never had the base
    assert "no commit of" in said
