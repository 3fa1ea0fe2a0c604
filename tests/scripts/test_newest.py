"""`make newest` and `make pythons`: what they install and tell, and that they hide nothing."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement

from scripts.newest import LOCKS, REQUIREMENTS, note_versions
from scripts.trial import document
from scripts.trial.environment import culprits
from scripts.trial.outcome import Outcome
from scripts.trial.requirements import lifted, names, read_lock, read_requirements
from scripts.trial.runs import lacks
from scripts.trial.suites import by_library, read_report
from scripts.trial.tables import HEADS, Row, compare, markdown


def markers(python: str, system: str = "linux") -> dict[str, str]:
    """Return the environment markers of another machine."""
    here = {key: str(value) for key, value in default_environment().items()}
    minor = ".".join(python.split(".")[:2])
    here |= {"python_full_version": python, "python_version": minor, "sys_platform": system}
    return here


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("mlflow>=3.17,<4", "mlflow>=3.17"),
        ("kedro~=1.7", "kedro>=1.7"),
        ("torch==2.13.0", "torch>=2.13.0"),
        ("rich==15.*", "rich>=15"),
        ("numpy<=3", "numpy"),
        ("click!=8.5.1", "click!=8.5.1"),
        ("click!=8.5.1,>8,<9", "click!=8.5.1,>8"),
        ("kedro-datasets[pandas-csvdataset]>=9.6,<10", "kedro-datasets[pandas-csvdataset]>=9.6"),
        ('xgboost>=2.1,<4 ; sys_platform != "linux"', 'xgboost>=2.1; sys_platform != "linux"'),
        ("pytest", "pytest"),
    ],
)
def test_upper_bounds_are_lifted_and_all_else_stays(line: str, expected: str) -> None:
    assert lifted(line) == expected


def test_requirements_of_this_repository_keep_names_extras_and_markers() -> None:
    asked = [line for file in REQUIREMENTS for line in read_requirements(file)]
    assert {"kedro~=1.7", "click!=8.5.1", "pytest>=8"} <= set(asked)
    before, after = [Requirement(x) for x in asked], [Requirement(lifted(x)) for x in asked]
    for old, new in zip(before, after, strict=True):
        assert (old.name, old.extras, old.marker) == (new.name, new.extras, new.marker)
        assert {one.operator for one in new.specifier} <= {">=", ">", "!="}
    assert any(one.operator == "!=" for new in after for one in new.specifier)


def test_included_files_and_comments_are_read(tmp_path: Path) -> None:
    (tmp_path / "all.txt").write_text("# all\n-r run.txt\n\npytest>=8  # tests\n")
    (tmp_path / "run.txt").write_text("kedro~=1.7\n")
    assert read_requirements(tmp_path / "all.txt") == ["kedro~=1.7", "pytest>=8"]


def test_line_that_is_no_requirement_is_refused_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text("kedro\n--pre\n")
    with pytest.raises(ValueError, match=r"requirements\.txt:2: '--pre' is no requirement"):
        read_requirements(file)


def test_lock_is_read_as_the_environment_reads_it(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text(
        "NumPy==2.2.6 ; python_full_version < '3.11'\n"
        "numpy==2.4.6 ; python_full_version >= '3.11'\n"
        "pywin32==312 ; sys_platform == 'win32'\n"
        "importlib_metadata==9.1.0\n"
    )
    assert read_lock([lock], markers("3.10.13")) == {
        "numpy": "2.2.6",
        "importlib-metadata": "9.1.0",
    }
    assert read_lock([lock], markers("3.13.0"))["numpy"] == "2.4.6"
    assert read_lock([lock], markers("3.13.0", "win32"))["pywin32"] == "312"


def test_locks_pin_all_that_the_requirements_ask_for() -> None:
    asked = [line for file in REQUIREMENTS for line in read_requirements(file)]
    for python in ("3.10.13", "3.13.0"):
        pinned = read_lock(LOCKS, markers(python))
        assert {name: pinned[name] for name in names(asked, markers(python))}
        assert "xgboost" not in pinned


def test_lock_with_a_range_is_refused(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text("kedro~=1.7\n")
    with pytest.raises(ValueError, match=r"'kedro~=1\.7' pins no version; run `make lock`"):
        read_lock([lock], markers("3.12.1"))


def test_table_has_what_is_asked_for_and_what_differs() -> None:
    rows = compare(
        ["kedro", "rich"],
        {"kedro": "1.7.0", "rich": "15.0.0", "click": "8.5.0", "six": "1.17.0", "toml": "1"},
        {"kedro": "1.8.0", "rich": "15.0.0", "click": "8.6.0", "six": "1.17.0", "new": "2"},
        {"kedro": ["test_filepath", "test_catalog"]},
    )
    assert rows == [
        Row("kedro", "1.7.0", "1.8.0", "test_filepath; test_catalog"),
        Row("rich", "15.0.0", "15.0.0"),
        Row("click", "8.5.0", "8.6.0"),
        Row("new", "", "2"),
        Row("toml", "1", ""),
    ]
    assert markdown(HEADS, [rows[0].cells, rows[3].cells]) == (
        "| package | locked | newest | what broke |\n| --- | --- | --- | --- |\n"
        "| kedro | 1.7.0 | 1.8.0 | test_filepath; test_catalog |\n| new | - | 2 |  |\n"
    )


def test_cell_cannot_break_the_table() -> None:
    assert markdown(["a"], [["one|two\nthree"]]).splitlines()[-1] == r"| one\|two three |"


def test_failed_contract_tests_go_to_the_library_that_they_name() -> None:
    failures = (
        "tests.contracts.test_mlflow::test_kedro_tag_search",
        "tests.contracts.test_kedro::test_filepath",
        "tests.contracts.test_both::test_mlflow_store",
        "tests.contracts.test_both::test_clock",
    )
    assert by_library(failures, ("mlflow", "kedro")) == {
        "mlflow": ["test_kedro_tag_search", "test_mlflow_store"],
        "kedro": ["test_filepath"],
        "": ["test_clock"],
    }


def test_report_of_pytest_is_counted() -> None:
    report = """<testsuites><testsuite>
        <testcase classname="tests.test_a" name="test_one"/>
        <testcase classname="tests.test_a" name="test_two"><failure/></testcase>
        <testcase classname="tests.test_a" name="test_two"><error/></testcase>
        <testcase classname="" name="tests.test_b"><error/></testcase>
        <testcase classname="tests.test_a" name="test_three"><skipped/></testcase>
    </testsuite></testsuites>"""
    outcome = read_report("fast tests", report)
    assert outcome == Outcome("fast tests", 1, ("tests.test_a::test_two", "tests.test_b"), 1)
    assert outcome.line == (
        "fast tests: 2 failed, 1 passed, 1 skipped: tests.test_a::test_two; tests.test_b"
    )
    assert not outcome.ok


def test_packages_are_installed_not_passed() -> None:
    assert Outcome("requirements.lock", 151, word="installed").line == (
        "requirements.lock: 151 installed"
    )


def test_line_of_many_failures_stays_readable() -> None:
    line = Outcome("fast tests", 0, tuple(f"test_{i}" for i in range(30))).line
    assert line.startswith("fast tests: 30 failed: test_0; test_1; ")
    assert line.endswith("; test_7; and 22 more")


@pytest.mark.parametrize(
    ("said", "named"),
    [
        (
            "ERROR: Cannot install kedro==2.0 and kedro-viz==13.0 because these package versions "
            "have conflicting dependencies.",
            ["kedro==2.0 and kedro-viz==13.0"],
        ),
        (
            "ERROR: Failed building wheel for numpy\nERROR: Failed to build installable wheels "
            "for some pyproject.toml based projects (numpy)",
            ["numpy"],
        ),
        ("ERROR: Failed to build 'pyarrow' when getting requirements to build", ["pyarrow"]),
        ("ERROR: No space left on device", []),
    ],
)
def test_cause_of_a_failed_installation_is_found(said: str, named: list[str]) -> None:
    assert culprits(said) == named


COMPLETE = {
    "status": "FINISHED",
    "metrics": ["_time_to_run a -- b", "score"],
    "artifacts": {"gantt.html": 5000},
    "traces": [{"state": "OK", "spans": 28}],
}


def test_complete_run_lacks_nothing() -> None:
    assert lacks(COMPLETE, COMPLETE) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"status": "RUNNING"}, "the run is RUNNING"),
        ({"metrics": ["_time_to_run a -- b"]}, "no metric score"),
        ({"metrics": ["score"]}, "not the metrics _time_to_run a -- b"),
        ({"artifacts": {}}, "no gantt.html"),
        ({"artifacts": {"gantt.html": 0}}, "no gantt.html"),
        ({"traces": []}, "no finished trace"),
        ({"traces": [{"state": "OK", "spans": 0}]}, "no finished trace"),
        ({"traces": [{"state": "IN_PROGRESS", "spans": 28}]}, "no finished trace"),
    ],
)
def test_incomplete_run_is_told(change: dict[str, object], said: str) -> None:
    assert said in " / ".join(lacks({**COMPLETE, **change}, COMPLETE))


@pytest.fixture
def versions(tmp_path: Path) -> Path:
    """A document with both places, and a Python that was seen before."""
    file = tmp_path / "versions.md"
    file.write_text(
        "# Versions\n<!-- newest: begin -->\nold\n<!-- newest: end -->\n"
        "<!-- pythons: begin -->\n| 3.10.4 | 2026-01-01 | lock | 4 | 9 | 9 |\n"
        "| 3.12 | not seen |  |  |  |  |\n<!-- pythons: end -->\nThe end.\n"
    )
    return file


def test_python_gets_its_row_and_the_others_stay(versions: Path) -> None:
    document.write_pythons({"3.12": ["3.12.1", "2026-11-25", "lock", "4", "8", "7"]}, versions)
    lines = versions.read_text().splitlines()
    assert "| 3.10.4 | 2026-01-01 | lock | 4 | 9 | 9 |" in lines
    assert "| 3.12.1 | 2026-11-25 | lock | 4 | 8 | 7 |" in lines
    assert "| 3.14 | not seen |  |  |  |  |" in lines
    assert len([line for line in lines if line.startswith("| 3.12")]) == 1
    assert lines[-1] == "The end."


def test_kedros_are_sorted_and_rows_of_earlier_trials_stay(versions: Path) -> None:
    rows = "| 1.10.0 | 2026-01-01 | 3.11 | - | 9 | 9 |\n"
    part = f"<!-- kedros: begin -->\n{rows}<!-- kedros: end -->\n"
    versions.write_text(versions.read_text() + part)
    for kedro in ("1.9.0", "1.0.0"):
        document.write_kedros({kedro: [kedro, "2026-11-26", "3.11", "-", "8", "7"]}, versions)
    table = versions.read_text().partition("<!-- kedros: begin -->")[2]
    found = [line.split(" | ")[:2] for line in table.splitlines() if line.startswith("| 1.")]
    assert found == [
        ["| 1.0.0", "2026-11-26"],
        ["| 1.9.0", "2026-11-26"],
        ["| 1.10.0", "2026-01-01"],
    ]
    assert "| 3.10.4 | 2026-01-01 |" in versions.read_text()


def test_newest_versions_stand_between_their_markers(versions: Path) -> None:
    date = datetime.date(2026, 11, 25)
    part = document.newest_part(date, "3.11.7", ["runs: 4 passed"], {"kedro": "1.8.0"})
    document.write_newest(part, versions)
    text = versions.read_text()
    assert "Seen on 2026-11-25 with Python 3.11.7: runs: 4 passed.\n" in text
    assert "| kedro | 1.8.0 |\n\n<!-- newest: end -->" in text
    assert "old" not in text
    document.write_newest(part, versions)
    assert versions.read_text() == text


def test_versions_that_broke_something_are_not_noted(versions: Path) -> None:
    before = versions.read_text()
    checks = [Outcome("runs", 4), Outcome("fast tests", 1, ("test_one",))]
    note_versions(checks, "3.11.7", {"kedro": "1.8.0"}, versions)
    assert versions.read_text() == before
    note_versions(checks[:1], "3.11.7", {"kedro": "1.8.0"}, versions)
    assert "| kedro | 1.8.0 |" in versions.read_text()


def test_document_without_its_place_is_refused() -> None:
    with pytest.raises(ValueError, match="has no lines <!-- newest: begin -->"):
        document.between("# Versions\n", "newest", "")
