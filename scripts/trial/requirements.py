"""Requirement files without their upper bounds, and what lock files say of one environment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import Specifier, SpecifierSet
from packaging.utils import canonicalize_name

_UPPER_BOUNDS = ("<", "<=")
_BOTH_BOUNDS = ("==", "===", "~=")


def read_requirements(file: Path) -> list[str]:
    """Return the requirements of a file and of those that it includes by `-r`.

    Args:
        file: a requirement file or a lock file of pip.

    Returns:
        The lines, without comments, in their order.

    Raises:
        ValueError: a line is neither a requirement nor `-r FILE`.
    """
    found: list[str] = []
    for number, line in enumerate(file.read_text("utf8").splitlines(), start=1):
        text = "" if line.startswith("#") else line.split(" #")[0].strip()
        if text.startswith("-r "):
            found += read_requirements(file.parent / text.removeprefix("-r ").strip())
        elif text:
            try:
                Requirement(text)
            except InvalidRequirement as error:
                message = (
                    f"{file}:{number}: {text!r} is no requirement: {error}. "
                    "Only requirements and `-r FILE` are read here."
                )
                raise ValueError(message) from error
            found.append(text)
    return found


def lifted(requirement: str) -> str:
    """Return a requirement without its upper bounds.

    Lower bounds, exclusions, extras and markers stay; `~=` and `==` become the lower bound that
    they contain.

    Args:
        requirement: a line as `kedro~=1.7` or `xgboost>=2.1,<4 ; sys_platform != "linux"`.

    Returns:
        `kedro>=1.7`, `xgboost>=2.1; sys_platform != "linux"`.
    """
    parsed = Requirement(requirement)
    kept = (_lower(one) for one in parsed.specifier if one.operator not in _UPPER_BOUNDS)
    # A set has no order of its own; the file that pip reads should be the same each time.
    parsed.specifier = SpecifierSet(",".join(sorted(kept)))
    return str(parsed)


def names(requirements: Iterable[str], markers: Mapping[str, str]) -> list[str]:
    """Return the packages that requirements name in an environment, each once, in their order.

    Args:
        requirements: lines of requirement files.
        markers: the values of environment markers there, as `Venv.markers` returns them.
    """
    parsed = [Requirement(line) for line in requirements]
    return list(
        dict.fromkeys(canonicalize_name(one.name) for one in parsed if _applies(one, markers))
    )


def read_lock(files: Iterable[Path], markers: Mapping[str, str]) -> dict[str, str]:
    """Return the version of each package that lock files pin in an environment.

    Args:
        files: lock files; a package that is in several has the version of the last.
        markers: the values of environment markers there.

    Raises:
        ValueError: a line pins no version.
    """
    found: dict[str, str] = {}
    for file in files:
        for line in read_requirements(file):
            parsed = Requirement(line)
            pins = [one for one in parsed.specifier if one.operator == "=="]
            if len(pins) != 1 or len(parsed.specifier) != 1:
                raise ValueError(f"{file}: {line!r} pins no version; run `make lock`.")
            if _applies(parsed, markers):
                found[canonicalize_name(parsed.name)] = pins[0].version
    return found


def _lower(specifier: Specifier) -> str:
    if specifier.operator not in _BOTH_BOUNDS:
        return str(specifier)
    return f">={specifier.version.removesuffix('.*')}"


def _applies(requirement: Requirement, markers: Mapping[str, str]) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({**markers, "extra": ""})
