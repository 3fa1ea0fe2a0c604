"""A project made from this template, and the verbs that tests use on it."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.harness.terminal import OnTerminal, run_on_terminal

# What a developer's shell may hold and a user's does not: where runs go, what is imported.
FOREIGN_PREFIXES = (
    *("MLFLOW_", "KEDRO_", "PYTHON", "VIRTUAL_ENV", "GIT_", "PYTEST_", "MPLBACKEND"),
    "MAKE",  # what `make test PYTEST_ARGS=…` hands on to a `make` below it
    "MFLAGS",
)


def clean_env(python: Path, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment of a user whose venv is active, with no setting of ours.

    Args:
        python: The interpreter; its folder comes first on `PATH`.
        extra: Variables to add.
    """
    env = {key: value for key, value in os.environ.items() if not key.startswith(FOREIGN_PREFIXES)}
    env["PATH"] = f"{python.parent}{os.pathsep}{env['PATH']}"
    env["DO_NOT_TRACK"] = "1"  # `kedro new` runs outside a project, where no .telemetry says no
    env["COLUMNS"] = "300"  # or log lines are cut in words that tests look for
    env.pop("CI", None)
    # Each test has a project of its own, whose resident nobody else would use.
    env["KEDRO_MLFLOW_LINGER"] = "0"
    return {**env, **(extra or {})}


@dataclass(frozen=True)
class BakedProject:
    """A generated project and the interpreter that runs it.

    Args:
        root: The project's folder.
        python: Interpreter of the environment with the project's requirements.
        env: Variables that each command gets.
    """

    root: Path
    python: Path
    env: Mapping[str, str] = field(default_factory=dict)

    @property
    def package(self) -> str:
        """The name of the Python package."""
        (settings,) = (self.root / "src").glob("*/settings.py")
        return settings.parent.name

    @property
    def store(self) -> str:
        """The tracking URI of the project's own store, absolute."""
        return f"sqlite:///{self.root / 'mlruns' / 'sqlite.db'}"

    def tracking(self, name: str) -> Any:
        """Import a module of the project's tracking layer into this process."""
        return self.module(f"tracking.{name}")

    def module(self, name: str) -> Any:
        """Import a module of the project's package into this process."""
        sys.path.insert(0, str(self.root / "src"))
        try:
            return importlib.import_module(f"{self.package}.{name}")
        finally:
            sys.path.remove(str(self.root / "src"))

    def has_store(self) -> bool:
        return self.has_file("mlruns/sqlite.db")

    def has_file(self, path: str) -> bool:
        return (self.root / path).is_file()

    def read_file(self, path: str) -> str:
        return (self.root / path).read_text("utf8")

    def files(self) -> set[str]:
        """The paths of all files, relative to the project."""
        paths = (path for path in self.root.rglob("*") if path.is_file())
        return {path.relative_to(self.root).as_posix() for path in paths}

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace text in a file, as a user would; the old text must be there."""
        text = self.read_file(path)
        assert old in text, f"{path} has no {old!r}"
        (self.root / path).write_text(text.replace(old, new), "utf8")

    def run(
        self,
        *command: str,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        code: int | None = 0,
        timeout: float = 300,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command as its user would: in the project, with its environment active.

        Args:
            command: Program and arguments; `python` and `kedro` are those of the environment.
            cwd: Working directory, the project if not given.
            env: Variables to add.
            code: The exit code that must come; None for any.
            timeout: Seconds until the command is ended and the test fails.
        """
        done = run(command, self.python, cwd or self.root, {**self.env, **(env or {})}, timeout)
        assert code is None or done.returncode == code, explain(done)
        return done

    def on_terminal(
        self,
        *command: str,
        columns: int = 100,
        env: Mapping[str, str] | None = None,
        code: int | None = 0,
        type_when: Callable[[str], str | None] = lambda _: None,
    ) -> OnTerminal:
        """Run a command as `run` does, on a terminal of its own.

        Args:
            command: Program and arguments.
            columns: How wide the terminal is.
            env: Variables to add.
            code: The exit code that must come; None for any.
            type_when: Is given what was written so far, and returns what its user types then.
        """
        variables = clean_env(self.python, {**self.env, **(env or {})})
        program = str(self.python.parent / command[0])
        done = run_on_terminal(
            [program, *command[1:]], self.root, variables, columns, type_when=type_when
        )
        assert code is None or done.code == code, f"exit code {done.code}\n{done.screen}"
        return done


def run(
    command: Sequence[str],
    python: Path,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    timeout: float = 300,
    stdin: str | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a command with an environment active; standard input is closed unless text is given."""
    variables = clean_env(python, env)
    script = python.parent / command[0]
    program = str(script) if script.exists() else command[0]
    feed = {"input": stdin} if stdin is not None else {"stdin": subprocess.DEVNULL}
    return subprocess.run(
        [program, *command[1:]],
        cwd=cwd,
        env=variables,
        capture_output=True,
        text=True,
        timeout=timeout,
        **feed,
    )


def explain(done: subprocess.CompletedProcess[str]) -> str:
    """Say how a command ended, for the message of an assertion."""
    command = " ".join(map(str, done.args))
    return f"{command}\nexit code {done.returncode}\n{done.stdout}\n{done.stderr}"


def run_twice(baked: BakedProject, root: Path, *options: str) -> BakedProject:
    """Copy a project and run it twice: with C of 1.23456, which is the better, and of 0.01.

    Args:
        baked: the project, which stays as it is.
        root: the copy's folder, which does not exist yet.
        options: of `kedro run`, each time.
    """
    project = BakedProject(Path(shutil.copytree(baked.root, root)), baked.python)
    for params in ([], ["--params", "model.C=0.01"]):
        project.run("kedro", "run", *options, *params)
    return project
