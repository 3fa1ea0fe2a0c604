"""What an image of the project consists of."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from tests.harness.baked import BakedProject
from tests.harness.images import Images

from .containers import COMMIT, SECRET, SECRETS

pytestmark = [pytest.mark.images, pytest.mark.slow]


def project_files(root: Path) -> set[str]:
    """The files of the project in an image, without the bytecode."""
    paths = [path.relative_to(root / "project") for path in (root / "project").rglob("*")]
    return {str(path) for path in paths if (root / "project" / path).is_file()}


def test_kedro_is_its_program_and_not_by_a_shell(images: Images, image: str) -> None:
    settings = images.settings(image)
    assert settings["Entrypoint"] == ["kedro"]
    assert settings["Cmd"] == ["run"]
    assert f"CI_COMMIT_SHA={COMMIT}" in settings["Env"]


def test_user_is_not_root_and_can_write_what_runs_write(images: Images, image: str) -> None:
    number = int(images.settings(image)["User"])
    assert number > 0
    with images.mounted(image) as root:
        folders = [path for path in (root / "project").rglob("*") if path.is_dir()]
        own = {str(path.relative_to(root / "project")) for path in folders if owner(path) == number}
        assert own == {".mlflow-journal", "data", "logs", "mlruns"}
        assert owner(root / "project") == 0
        assert owner(root / "opt/venv/bin/kedro") == 0


def owner(path: Path) -> int:
    return path.stat().st_uid


def test_what_is_in_it(images: Images, image: str, source: BakedProject) -> None:
    """All that a run needs, for anybody to read, and nothing else of the project."""
    wanted = {
        "main.py",
        "pyproject.toml",
        "requirements-run.txt",
        "requirements.lock",
        ".telemetry",
    }
    wanted |= {name for name in source.files() if name.startswith(("src/", "conf/"))}
    with images.mounted(image) as root:
        found = project_files(root)
        for name in found:
            assert (root / "project" / name).stat().st_mode & 0o004, name
    bytecode = {name for name in found if "__pycache__" in name}
    assert len(bytecode) > 50
    assert found - bytecode == wanted - set(SECRETS)


def test_no_layer_has_a_secret(images: Images, image: str, tmp_path: Path) -> None:
    """Nor what let pip find its packages, which names passwords of indexes too."""
    pip_conf = (images.folder / "pip.conf").read_text("utf8")
    needles = [SECRET, *(line.strip() for line in pip_conf.splitlines() if "://" in line)]
    saved = images.save(image, tmp_path / "saved")
    layers = 0
    for file in saved:
        content = file.read_bytes()
        for needle in needles:
            assert needle.encode() not in content, f"{file.name} has {needle}"
        if not tarfile.is_tarfile(file):
            continue
        layers += 1
        with tarfile.open(file) as layer:
            names = {Path(name).name for name in layer.getnames()}
        assert not names & {"pip.conf", ".netrc", ".env", "id_rsa"}
    assert layers > 5


def test_edited_code_leaves_the_packages_as_they_are(
    images: Images, image: str, source: BakedProject, tmp_path: Path
) -> None:
    """Their layer is taken from the image before, or each change of a line takes minutes."""
    main = source.root / "main.py"
    before = main.read_text("utf8")
    main.write_text(f"{before}# edited\n")
    try:
        said = images.build("localhost/edited", source.root)
    finally:
        main.write_text(before)
    steps = said.split("STEP ")
    (packages,) = [step for step in steps if "pip install" in step]
    assert "Using cache" in packages
    (code,) = [step for step in steps if "COPY . ." in step]
    assert "Using cache" not in code
