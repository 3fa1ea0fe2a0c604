"""Builds the layer that is to come beside the one that is there, and tries it."""

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from ..manifest import compare, hash_files, plain, read_manifest
from . import self_test
from .git import LayerError
from .plan import File, Step

SELF_TEST_SECONDS = 300
# What a user's shell or this update sets, and must not send a throw-away run to a real store.
_FOREIGN = ("MLFLOW_", "KEDRO_", "PYTHONPATH", "PYTHONSAFEPATH", "PYTHONDONTWRITEBYTECODE")


def build(folder: Path, steps: Iterable[Step], to: Path) -> None:
    """Write what a plan makes of a folder, all but the manifest.

    What the plan does not name is copied: the owner's own files, those that Git ignores, modes.

    Args:
        folder: the owner's folder, or none.
        steps: the plan.
        to: the new folder, not there yet.
    """
    if folder.is_dir():
        leave_out = shutil.ignore_patterns("__pycache__", "*.pyc", "*.pyo")
        shutil.copytree(folder, to, symlinks=True, ignore=leave_out)
    to.mkdir(exist_ok=True)
    steps = list(steps)
    for step in steps:
        gone = step.moved_from or (step.path if step.kind == "delete" else None)
        if gone is not None and step.kind != "gone":
            mode = (to / gone).lstat().st_mode & 0o777
            (to / gone).unlink()
            _remove_empty((to / gone).parent, to)
            if step.moved_from is not None and step.result is not None:
                write(to / step.path, step.result, mode)
    for step in steps:
        if step.moved_from is None and step.result is not None:
            write(to / step.path, step.result)


def write(path: Path, file: File, mode: int | None = None) -> None:
    """Write a file of a plan; an existing one keeps its mode but for who may run it."""
    if mode is None:
        mode = path.stat().st_mode & 0o777 if path.is_file() else 0o644
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)  # it may be read-only, or a link
    if file.link:
        path.symlink_to(file.content.decode())
        return
    path.write_bytes(file.on_disk)
    path.chmod(mode | (mode & 0o444) >> 2 if file.executable else mode & ~0o111)


def compile_all(folder: Path, target: Path, exempt: Iterable[str]) -> None:
    """Compile each Python file, and keep nothing.

    Args:
        folder: the folder that was built.
        target: the released folder.
        exempt: paths with conflict markers.

    Raises:
        LayerError: one is no Python.
    """
    for path in sorted(folder.rglob("*.py")):
        name = path.relative_to(folder).as_posix()
        if name in exempt or path.is_symlink() or path.is_dir():
            continue
        content, released = path.read_bytes(), target / name
        try:
            compile(content, name, "exec")
        except (SyntaxError, ValueError) as error:
            if released.is_file() and released.read_bytes() == plain(content):
                say = "and it is as it was released: report it, or choose another version with --to"
            else:
                say = "mend yours first"
            raise LayerError(f"the new {name} is no Python ({error}); {say}") from error


def run_self_test(folder: Path, built: Path, target: Path, python: str) -> str:
    """Run a built layer on a throw-away store.

    Args:
        folder: the project's tracking folder; its parent is the package that the layer is part of.
        built: the folder that was built.
        target: the released folder, whose self-test runs; the owner may have deleted his.
        python: the project's interpreter.

    Returns:
        Why it was skipped, or nothing.

    Raises:
        LayerError: it failed.
    """
    code, said = _self_test(folder, built, target, python)
    if code in (0, self_test.SKIPPED):
        return said
    found = compare(read_manifest(target), hash_files(built))
    yours = [*found.modified, *found.added, *found.missing, *(f"{wing}/" for wing in found.wings)]
    if yours and _self_test(folder, target, target, python)[0] == 0:
        more = f" and {len(yours) - 5} more" if len(yours) > 5 else ""
        raise LayerError(
            "the merged layer fails its self-test, and the release alone passes it: your edits in "
            f"{', '.join(yours[:5])}{more} are the cause. Mend them first, or bring the layer in "
            f"with --no-self-test and mend them there:\n  {said}"
        )
    raise LayerError(
        "the layer fails its self-test, and the release alone does so too, so that your edits are "
        "not the cause: report it to the layer's maintainer, and choose another version with --to, "
        f"or bring it in with --no-self-test:\n  {said}"
    )


def _self_test(folder: Path, layer: Path, target: Path, python: str) -> tuple[int, str]:
    """Return the exit code for a layer, and why it was skipped or has failed."""
    script = target / "layer" / Path(self_test.__file__).name
    places = (folder.parent.name, str(layer.parent), str(folder.parent))
    env = {key: value for key, value in os.environ.items() if not key.startswith(_FOREIGN)}
    env["MLFLOW_DISABLE_TELEMETRY"] = "true"
    source = folder.parent.parent
    env["PYTHONPATH"] = str(source)
    try:
        done = subprocess.run(
            [python, "-B", str(script), *places],
            cwd=layer.parent,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SELF_TEST_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return 1, f"it took more than {SELF_TEST_SECONDS} seconds"
    if done.returncode == self_test.SKIPPED:
        return done.returncode, done.stdout.strip()
    tail = done.stderr.strip().splitlines()[-8:] if done.returncode != 0 else []
    return done.returncode, "\n  ".join(tail)


def _remove_empty(folder: Path, top: Path) -> None:
    while folder != top and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
