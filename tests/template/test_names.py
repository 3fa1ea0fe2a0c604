"""Names that work make a project; others are refused with the rule, and leave nothing."""

from __future__ import annotations

import keyword
import re
import sys
from pathlib import Path

import pytest
from cookiecutter.exceptions import FailedHookException
from cookiecutter.main import cookiecutter as cookiecutter_api
from hypothesis import given
from hypothesis import strategies as st

from starter_names import problem
from tests.harness.baked import explain, run
from tests.harness.doors import PYTHON, TEMPLATE_FOLDER, cookiecutter, kedro_new

RULE = "A project name has 2 to 64 ASCII letters, digits, spaces, dashes and underscores"
CLASH = "it may be no keyword and hide no other package"
DOORS = {"cookiecutter": cookiecutter, "kedro new": kedro_new}

ACCEPTED = {  # name: (folder, package)
    "My Iris": ("my-iris", "my_iris"),
    "my-iris": ("my-iris", "my_iris"),
    "my_iris": ("my-iris", "my_iris"),
    "Iris2": ("iris2", "iris2"),
    "A - b_c": ("a---b-c", "a___b_c"),
    "Pandas Report": ("pandas-report", "pandas_report"),
    "No": ("no", "no"),
    "x" * 64: ("x" * 64, "x" * 64),
}

NOT_A_NAME = [
    *("1abc", "-dash", "_private", "__init__", "dash-", "a", "x" * 65, "", " ", " iris", "iris "),
    *("Ünï cödé", "アイリス", "ﬁne", "iris\u200b", "🙂 iris", "iris\udc80"),
    *(
        "it's",
        'a "quote"',
        "a\nnewline",
        "iris\n",
        "tab\there",
        "back\\slash",
        "iris\\",
        '"""',
        "'''",
    ),
    *("a/b", "../up", "/tmp/iris", ".hidden", "a.b", "a:b", "a;b", "$(id)", "`id`", "a\x00b"),
    *("{{ 7*7 }}", "{{ '' }}", "{% raw %}", "iris {# #}"),
]
TAKEN = [
    *("kedro", "mlflow", "pandas", "numpy", "sklearn", "scikit-learn", "Plotly", "rich", "click"),
    *("kedro viz", "kedro_datasets", "IPython", "PIL", "yaml", "torch", "mlflow-skinny"),
    *("test", "tests", "src", "main", "conf", "data", "logs", "json", "email", "Site"),
    *("class", "None", "true", "import", "match", "case", "type", "async", "con", "LPT1"),
]


def derive(name: str) -> tuple[str, str, str]:
    """Derive folder and package as cookiecutter.json does, which is as Kedro does."""
    stripped = name.strip()
    folder = stripped.replace(" ", "-").replace("_", "-").lower()
    return name, folder, stripped.replace(" ", "_").replace("-", "_").lower()


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted_name_makes_folder_and_package(
    name: str, template: Path, tmp_path: Path, cookiecutter_config: Path
) -> None:
    bake(template, name, tmp_path, cookiecutter_config)
    folder, package = ACCEPTED[name]
    assert [path.name for path in tmp_path.iterdir()] == [folder]
    assert [path.name for path in (tmp_path / folder / "src").iterdir()] == [package]
    assert f'package_name = "{package}"' in (tmp_path / folder / "pyproject.toml").read_text("utf8")
    assert problem(*derive(name)) is None


@pytest.mark.parametrize("name", ["My Iris", "my-iris", "my_iris"])
def test_accepted_name_goes_through_kedro_new(
    name: str, template: Path, tmp_path: Path, cookiecutter_config: Path
) -> None:
    done = kedro_new(template, name, tmp_path, cookiecutter_config)
    assert done.returncode == 0, explain(done)
    assert [path.name for path in tmp_path.iterdir()] == ["my-iris"]


@pytest.mark.parametrize("name", NOT_A_NAME)
def test_what_is_no_name_is_refused(
    name: str, template: Path, tmp_path: Path, cookiecutter_config: Path
) -> None:
    with pytest.raises(
        FailedHookException, match="^No project was made|^Hook script failed"
    ) as error:
        bake(template, name, tmp_path, cookiecutter_config)
    assert RULE in str(error.value) or "{{" in name  # then the hook says it: next test
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", TAKEN)
def test_name_of_another_package_is_refused(
    name: str, template: Path, tmp_path: Path, cookiecutter_config: Path
) -> None:
    with pytest.raises(FailedHookException, match=CLASH) as error:
        bake(template, name, tmp_path, cookiecutter_config)
    assert repr(derive(name)[2]) in str(error.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["{{ 'iris' }}", "iris{# #}", "{{ 7*7 }}"])
def test_name_that_is_a_template_is_refused_with_the_rule(
    name: str, template: Path, tmp_path: Path, cookiecutter_config: Path
) -> None:
    done = cookiecutter(template, name, tmp_path, cookiecutter_config)
    assert done.returncode == 1, explain(done)
    assert RULE in done.stdout + done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["{% if %}", "{{ cookiecutter.kedro_version }}", "{{"])
def test_name_that_is_a_broken_template_is_refused(
    name: str, template: Path, tmp_path: Path, cookiecutter_config: Path
) -> None:
    done = cookiecutter(template, name, tmp_path, cookiecutter_config)
    assert done.returncode == 1, explain(done)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("name", ["pandas", "1abc", "Ünï cödé", "it's", "class", "json", "iris\n"])
def test_both_doors_end_with_a_readable_refusal(
    door: str, name: str, template: Path, tmp_path: Path, cookiecutter_config: Path
) -> None:
    done = DOORS[door](template, name, tmp_path, cookiecutter_config)
    assert done.returncode == 1, explain(done)
    last_lines = (done.stdout + done.stderr).splitlines()[-4:]
    kedros_own = ("is an invalid value for project name", "is an invalid Python package name")
    assert any(text in "\n".join(last_lines) for text in (RULE, CLASH, *kedros_own)), explain(done)
    assert "Traceback" not in done.stdout + done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("door", DOORS)
def test_refusal_leaves_an_existing_folder_alone(
    door: str, template: Path, tmp_path: Path, cookiecutter_config: Path
) -> None:
    (tmp_path / "pandas").mkdir()
    (tmp_path / "pandas" / "thesis.txt").write_text("years of work")
    assert DOORS[door](template, "pandas", tmp_path, cookiecutter_config).returncode == 1
    assert [path.name for path in tmp_path.rglob("*")] == ["pandas", "thesis.txt"]


@pytest.mark.parametrize("names", [{"repo_name": "a/b"}, {"python_package": "my-iris"}])
def test_folder_and_package_given_by_hand_are_checked_too(
    names: dict[str, str], template: Path, tmp_path: Path, cookiecutter_config: Path
) -> None:
    ((key, value),) = names.items()
    with pytest.raises(FailedHookException, match=f"{key} '{value}' is not allowed"):
        bake(template, "My Iris", tmp_path, cookiecutter_config, **names)
    assert list(tmp_path.iterdir()) == []


def test_kedro_new_asks_for_the_name_only(
    template: Path, tmp_path: Path, cookiecutter_config: Path
) -> None:
    command = ("kedro", "new", f"--starter={template}")
    env = {"COOKIECUTTER_CONFIG": str(cookiecutter_config)}
    refused = run(command, PYTHON, tmp_path, env, stdin="1abc\n")
    assert refused.returncode == 1, explain(refused)
    assert RULE in refused.stderr
    made = run(command, PYTHON, tmp_path, env, stdin="My Iris\n")
    assert made.returncode == 0, explain(made)
    assert [path.name for path in tmp_path.iterdir()] == ["my-iris"]


def test_every_distribution_of_the_lock_files_is_refused(template: Path) -> None:
    locks = [template / "requirements-dev.lock", template / TEMPLATE_FOLDER / "requirements.lock"]
    lines = [line for lock in locks for line in lock.read_text("utf8").splitlines()]
    names = {re.sub(r"[-_.]+", "_", line.split("==")[0]).lower() for line in lines}
    assert "mlflow" in names
    accepted = sorted(name for name in names if problem(name, name, name) is None)
    assert accepted == [], "add these to DEPENDENCIES in starter_names.py"


@given(st.text(st.characters(max_codepoint=0x17F), max_size=70) | st.from_regex(r"[\w -]{1,70}"))
def test_whatever_is_accepted_can_be_imported(name: str) -> None:
    _, folder, package = derive(name)
    if problem(name, folder, package) is None:
        assert package.isidentifier()
        assert package.isascii()
        assert not keyword.iskeyword(package)
        assert package not in sys.stdlib_module_names
        assert Path(folder).name == folder


def bake(template: Path, name: str, out: Path, config: Path, **names: str) -> None:
    """Go through cookiecutter's door without a new process, for many names."""
    cookiecutter_api(
        str(template),
        no_input=True,
        extra_context={"project_name": name, **names},
        output_dir=str(out),
        config_file=str(config),
    )
