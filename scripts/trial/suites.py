"""Tests that are run by the Python of a trial, and what its report says of them."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

from .environment import Venv
from .outcome import Outcome

FAST = "not slow and not faults and not stores and not browser"
CONTRACT = "contract"
_LIMIT = 3600
# pytest's own: all passed, some failed, none selected. All else means that it did not come so far.
_USUAL_CODES = (0, 1, 5)


def run_tests(
    venv: Venv, name: str, folder: Path, marked: str, report: Path, *only: str
) -> Outcome:
    """Run pytest in a folder.

    Args:
        venv: the environment whose pytest runs.
        name: what the tests are called in the outcome.
        folder: the working directory, with the configuration of pytest.
        marked: the expression of markers that selects tests; empty for all.
        report: the file for pytest's report, an XML file; what it prints goes beside it.
        only: files and folders of tests; all if there is none.

    Returns:
        The outcome; a pytest that did not come to its end is a failure.
    """
    report.unlink(missing_ok=True)
    # A cache of its own: `pytest --lf` of a developer goes on from the developer's tests.
    options = ["-o", f"cache_dir={report.parent / 'cache'}", f"--junitxml={report}"]
    options += ["-m", marked] if marked else []
    done = venv.run("-m", "pytest", *options, *only, cwd=folder, timeout=_LIMIT)
    report.with_suffix(".log").write_text(done.stdout, "utf8")
    outcome = read_report(name, report.read_text("utf8") if report.exists() else "<testsuites/>")
    if done.returncode in _USUAL_CODES and bool(outcome.failures) == (done.returncode == 1):
        return outcome
    stopped = f"pytest ended with exit code {done.returncode}: {_reason(done.stdout)}"
    return Outcome(name, outcome.passed, (*outcome.failures, stopped), outcome.skipped)


def read_report(name: str, xml: str) -> Outcome:
    """Return the outcome that a report of pytest tells.

    Args:
        name: what the tests are called in the outcome.
        xml: the report, as `--junitxml` writes it.
    """
    passed = skipped = 0
    failures = []
    for case in ET.fromstring(xml).iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            failures.append(_name_of(case))
        elif case.find("skipped") is not None:
            skipped += 1
        else:
            passed += 1
    # A test that fails, and whose fixture fails after it too, stands there twice.
    return Outcome(name, passed, tuple(dict.fromkeys(failures)), skipped)


def by_library(failures: tuple[str, ...], libraries: tuple[str, ...]) -> dict[str, list[str]]:
    """Sort failed contract tests by the library that they name.

    Args:
        failures: names of tests, as `tests.contracts.test_mlflow::test_tracking_client`.
        libraries: names of libraries.

    Returns:
        For each library that is named by a test's module, or where its module names none by the
        test itself, the tests; under the empty name those that name no library.
    """
    found: dict[str, list[str]] = {}
    for failure in failures:
        module, _, test = failure.partition("::")
        named = [one for one in libraries if one in module.lower()]
        named = named or [one for one in libraries if one in test.lower()]
        for library in named or [""]:
            found.setdefault(library, []).append(test or failure)
    return found


def _reason(printed: str) -> str:
    """Return why pytest did not come to its end, from what it printed."""
    lines = printed.strip().splitlines() or ["it printed nothing"]
    # Of an internal error the last line says what it is, of others the first one.
    internal = [line for line in lines if line.startswith("INTERNALERROR> ")]
    told = [line for line in lines if ": error: " in line or line.startswith("ERROR: ")]
    usage = [line for line in told if not line.startswith("ERROR: usage")]
    return (internal[-1:] or usage or lines[-1:])[0].strip("= ")


def _name_of(case: ET.Element) -> str:
    parts = (case.get("classname"), case.get("name"))
    return "::".join(part for part in parts if part)
