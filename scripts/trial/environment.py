"""New virtual environments, filled by plain pip."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.environments import Environment

_BUILD_LIMIT = 3600
# How pip says which requirement stands in the way, in its versions 23 to 26.
_CULPRITS = (
    r"Could not find a version that satisfies the requirement (\S+)",
    r"No matching distribution found for (\S+)",
    r"Cannot install (.+?) because these package versions have conflicting dependencies",
    r"Failed building wheel for (\S+)",
    r"Failed to build installable wheels for some pyproject\.toml based projects \((.+?)\)",
    r"Failed to build '(\S+)'",
    r"Package '(\S+)' requires a different Python",
)

_NO_CONNECTION = "after connection broken by"


class TrialError(Exception):
    """A trial cannot go on; the message says what failed and what the tool said."""


class UnreachableError(TrialError):
    """Packages can't be fetched from here, whatever their versions."""


class Venv(Environment):
    """A virtual environment of a trial, and the commands that are run in it."""

    def run(
        self, *arguments: str, cwd: Path, timeout: float = 900
    ) -> subprocess.CompletedProcess[str]:
        """Run its Python with these arguments, as a user would whose environment is active.

        Args:
            arguments: what follows `python`.
            cwd: the working directory.
            timeout: seconds until the command is ended; it then has the exit code 124.

        Returns:
            The ended command; `stdout` holds what it printed, errors included.
        """
        command = [str(self.python), *arguments]
        # A file and not a pipe: what a killed command left behind may hold a pipe open for long.
        with (
            tempfile.TemporaryFile("w+", encoding="utf8", errors="replace") as printed,
            subprocess.Popen(
                command,
                cwd=cwd,
                env=self.variables(),
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            ) as process,
        ):
            try:
                code = process.wait(timeout)
            except subprocess.TimeoutExpired:
                code = 124
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
            printed.seek(0)
            text = printed.read()
        ended = f"\nended after {timeout:.0f} s\n" if code == 124 else ""
        return subprocess.CompletedProcess(command, code, text + ended)

    def install(self, *arguments: str, log: Path) -> None:
        """Install by pip.

        Args:
            arguments: what follows `pip install`.
            log: where all that pip prints goes.

        Raises:
            UnreachableError: pip found no connection.
            TrialError: pip failed; the message names the package and holds what pip said.
        """
        done = self.run("-m", "pip", "install", *arguments, cwd=log.parent, timeout=_BUILD_LIMIT)
        log.write_text(done.stdout, "utf8")
        if done.returncode:
            kind = UnreachableError if _NO_CONNECTION in done.stdout else TrialError
            raise kind(install_failure(done.stdout, log))

    def markers(self) -> Mapping[str, str]:
        """Return the values of its environment markers; `packaging` must be installed in it."""
        code = "import json, packaging.markers as m; print(json.dumps(m.default_environment()))"
        done = self.run("-I", "-c", code, cwd=self.folder)
        if done.returncode:
            raise TrialError(f"{self.python} cannot tell its environment markers:\n{done.stdout}")
        markers: Mapping[str, str] = json.loads(done.stdout)
        return markers


def make_venv(folder: Path, interpreter: Path = Path(sys.executable)) -> Venv:
    """Make a new environment with pip and nothing else, in the place of an old one.

    Args:
        folder: where it goes.
        interpreter: the Python that it is made of.

    Raises:
        TrialError: that Python makes no environment.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    command = [str(interpreter), "-m", "venv", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except OSError as error:
        raise TrialError(f"{interpreter} cannot be started: {error}.") from error
    if done.returncode:
        raise TrialError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return Venv(folder)


def make_layered(folder: Path, requirement: str) -> Venv:
    """Make an environment of all packages of this one, but for those that a requirement changes.

    Args:
        folder: where it goes.
        requirement: as `kedro==1.0.0`; without a version it is the newest.

    Raises:
        UnreachableError: pip found no connection.
        TrialError: it can't be installed.
    """
    venv = make_venv(folder)
    (packages,) = folder.glob("lib/python*/site-packages")
    # Python looks there last.
    (packages / "layered.pth").write_text(sysconfig.get_path("purelib") + "\n")
    # The package itself even where it is here as well, for its commands; then what it needs.
    for options in (("--ignore-installed", "--no-deps"), ()):
        log = folder / "install.log"
        venv.install("--no-compile", "--retries=2", *options, requirement, log=log)
    return venv


def culprits(printed: str) -> list[str]:
    """Return the requirements that pip names as the cause of a failure, each once."""
    found = [match for pattern in _CULPRITS for match in re.findall(pattern, printed)]
    return list(dict.fromkeys(name.strip(".,;'\"") for name in found))


def install_failure(printed: str, log: Path) -> str:
    """Return the message of a failed installation: which package, and pip's own words."""
    named = "; ".join(culprits(printed)) or "a package that pip does not name"
    return f"pip could not install: {named}\n{_said(printed.splitlines())}\nAll of it: {log}"


def _said(lines: Sequence[str]) -> str:
    """Return what pip said of its failure: from its first error on, or its last lines."""
    errors = [i for i, line in enumerate(lines) if line.lstrip().lower().startswith("error:")]
    return "\n".join(lines[errors[0] :][:60] if errors else lines[-20:])
