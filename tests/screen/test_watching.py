"""A `kedro run` on a terminal: a line a node, a bar with the time left, and nothing but that."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable

import pytest

from tests.harness.baked import BakedProject
from tests.harness.store import runs_of

from .lab import INFO

pytestmark = pytest.mark.slow

NAMES = ["first", "second", "third", "fourth"]
RUNNERS = ["SequentialRunner", "ThreadRunner", "ParallelRunner"]


def lines_of_nodes(screen: str) -> dict[str, tuple[float, str]]:
    """Return of each node that the screen says has ended its seconds, and what it saved."""
    found = re.findall(r"^✓ (\w+) +([\d.]+) s  (.*)$", screen, re.M)
    return {name: (float(seconds), saved) for name, seconds, saved in found}


@pytest.mark.parametrize("runner", RUNNERS)
def test_each_node_is_a_line_and_the_panel_is_last(lab: BakedProject, runner: str) -> None:
    begun = (lab.root / "logs" / "info.log").stat().st_size
    done = lab.on_terminal("kedro", "run", "--runner", runner)
    nodes = lines_of_nodes(done.screen)
    assert sorted(nodes) == sorted(NAMES)
    assert nodes["third"][1] == "c, share"
    metrics = runs_of(lab)[0].data.metrics
    assert nodes["third"][0] >= round(metrics["_time_to_run third -- c - share"], 2) >= 1.6
    assert INFO not in done.screen
    assert "Kedro project" not in done.text
    assert done.screen.count("a warning of the node") == 1
    assert "a line of the node" in done.screen
    *_, last = done.screen.rstrip().splitlines()
    assert last.startswith("╰")
    assert "━" not in done.screen.partition("╭")[0], "the bar is gone"
    logged = (lab.root / "logs" / "info.log").read_bytes()[begun:].decode()
    assert "Completed 4 out of 4 tasks" in logged


def test_bar_has_the_time_left_of_the_last_run(lab: BakedProject) -> None:
    times = json.loads(lab.read_file(".mlflow-journal/node-times.json"))
    assert set(times["nodes"]) == set(NAMES)
    assert times["nodes"]["third"] >= 1.6
    written = lab.on_terminal("kedro", "run").text
    bars = re.findall(r"━+ +(\d)/4 (\w*) +(?:(\d+) s left)?", written)
    assert {left for _, name, left in bars if name == "third"} & {"1", "2"}, bars


def test_first_run_knows_no_times(lab: BakedProject) -> None:
    (lab.root / ".mlflow-journal/node-times.json").unlink()
    assert " left" not in lab.on_terminal("kedro", "run").text


@pytest.mark.parametrize("option", ["--verbose", "-v"])
def test_verbose_shows_kedros_lines_and_no_bar(lab: BakedProject, option: str) -> None:
    done = lab.on_terminal("kedro", "run", option, "--nodes", "first")
    assert "Completed 1 out of 1 tasks" in done.screen
    assert "an info of the node" in done.screen
    assert "✓" not in done.text
    assert "━" not in done.text.partition("╭")[0]


def test_main_is_watched_too(lab: BakedProject) -> None:
    watched = lab.on_terminal("python", "main.py", "--nodes", "first")
    assert list(lines_of_nodes(watched.screen)) == ["first"]
    verbose = lab.on_terminal("python", "main.py", "-v", "--nodes", "first")
    assert "Completed 1 out of 1 tasks" in verbose.screen


def test_ci_and_pipes_have_kedros_lines(lab: BakedProject) -> None:
    in_ci = lab.on_terminal("kedro", "run", "--nodes", "first", env={"CI": "true"})
    assert "Completed 1 out of 1 tasks" in in_ci.screen
    assert "✓" not in in_ci.text
    piped = lab.run("kedro", "run", "--nodes", "first")
    assert "Completed 1 out of 1 tasks" in piped.stdout
    assert "✓" not in piped.stdout + piped.stderr
    assert "\x1b[" not in piped.stdout + piped.stderr


def test_untracked_run_is_kedros_own(lab: BakedProject) -> None:
    env = {"KEDRO_MLFLOW_ENABLED": "false"}
    done = lab.on_terminal("kedro", "run", "--nodes", "first", env=env)
    assert "Completed 1 out of 1 tasks" in done.screen


def test_where_nobody_watches_nothing_is_imported(lab: BakedProject) -> None:
    code = (
        "import sys; from click.testing import CliRunner\n"
        "from kedro.framework.startup import bootstrap_project\n"
        "from kedro.framework.cli.utils import find_run_command\n"
        "from pathlib import Path\n"
        "command = find_run_command(bootstrap_project(Path.cwd()).package_name)\n"
        "command(['--nodes', 'first'], standalone_mode=False)\n"
        "parts = [one for one in sys.modules if '.screen.' in one and not one.endswith('.wing')]\n"
        "print(parts, 'rich.progress' in sys.modules)\n"
    )
    assert lab.run("python", "-c", code).stdout.splitlines()[-1] == "[] False"


def test_question_of_a_node_is_seen_and_answered(lab: BakedProject) -> None:
    answers = iter(["Jo\n"])
    done = lab.on_terminal(
        *("kedro", "run"),
        env={"NODE_DOES": "ask"},
        type_when=lambda written: next(answers, None) if "your name? " in written else None,
    )
    assert "\nyour name? Jo\nhello Jo\n" in done.screen
    assert sorted(lines_of_nodes(done.screen)) == sorted(NAMES)


def slowly(answer: str, after: str) -> Callable[[str], str | None]:
    """Return who types an answer, once, when the bar has had the time to come back."""
    answers = iter([answer])

    def type_when(written: str) -> str | None:
        if after not in written:
            return None
        time.sleep(1.5)
        return next(answers, None)

    return type_when


def test_line_that_a_node_reads_is_typed_without_the_bar(lab: BakedProject) -> None:
    env = {"NODE_DOES": "read"}
    done = lab.on_terminal("kedro", "run", env=env, type_when=slowly("Jo\n", after="which?"))
    assert "\nwhich?\nJo\nread Jo of UserInput\n" in done.screen
    assert "━" not in done.text.partition("which?")[2].partition("Jo")[0]
    assert sorted(lines_of_nodes(done.screen)) == sorted(NAMES)


def test_question_for_a_password_stays_on_the_screen(lab: BakedProject) -> None:
    """Its prompt goes to the terminal itself, past Python's files."""
    env = {"NODE_DOES": "password"}
    done = lab.on_terminal("kedro", "run", env=env, type_when=slowly("Jo\n", after="Password:"))
    assert re.search("Password: *\ngot Jo\n", done.screen)
    assert sorted(lines_of_nodes(done.screen)) == sorted(NAMES)


def test_debugger_in_a_node_works_as_ever(lab: BakedProject) -> None:
    answers = iter(["p x\n", "c\n"])
    done = lab.on_terminal(
        *("kedro", "run"),
        env={"NODE_DOES": "debug"},
        type_when=lambda written: next(answers, None) if written.endswith("(Pdb) ") else None,
    )
    assert "\n(Pdb) p x\n'species'\n(Pdb) c\n" in done.screen
    assert sorted(lines_of_nodes(done.screen)) == sorted(NAMES)


def test_half_a_line_of_a_node_is_left_alone(lab: BakedProject) -> None:
    """But for the line of the node before, whose end may be seen only then."""
    screen = lab.on_terminal("kedro", "run", env={"NODE_DOES": "half"}).screen
    assert re.search(r"^half ?(\n(✓ .*\n)+)?and half$", screen, re.M)


@pytest.mark.parametrize("runner", RUNNERS)
def test_dots_of_a_node_all_stay(lab: BakedProject, runner: str) -> None:
    """Other nodes may end in between, and have their lines."""
    done = lab.on_terminal("kedro", "run", "--runner", runner, env={"NODE_DOES": "dots"})
    dots = re.findall(r"^\.+$", done.screen, re.M)
    assert len("".join(dots)) == 8
    assert sorted(lines_of_nodes(done.screen)) == sorted(NAMES)


def test_node_may_have_a_bar_of_its_own(lab: BakedProject) -> None:
    done = lab.on_terminal("kedro", "run", env={"NODE_DOES": "rich"})
    assert "Working..." in done.screen
    assert "100%" in done.screen
    assert sorted(lines_of_nodes(done.screen)) == sorted(NAMES)


def test_early_word_of_the_exporter_has_a_line_of_its_own(lab: BakedProject) -> None:
    env = {"MLFLOW_TRACKING_URI": "http://127.0.0.1:9", "NODE_SLEEPS": "2"}
    done = lab.on_terminal("kedro", "run", env=env)
    said = [line for line in done.screen.splitlines() if "refuses connections. The pip" in line]
    assert len(said) == 1
    assert said[0].startswith("MLflow: ")


def test_narrow_terminal_breaks_no_line(lab: BakedProject) -> None:
    done = lab.on_terminal("kedro", "run", columns=30)
    assert sorted(lines_of_nodes(done.screen)) == sorted(NAMES)
    assert all(len(line) <= 30 for line in done.screen.splitlines())


def test_line_of_a_program_stands_apart_from_the_bar(lab: BakedProject) -> None:
    """It goes to the terminal itself, so the bar can't give way."""
    done = lab.on_terminal("kedro", "run", env={"NODE_DOES": "program"})
    assert re.search(r"(^|  )a program's line$", done.screen, re.M)
    assert sorted(lines_of_nodes(done.screen)) == sorted(NAMES)


def test_dumb_terminal_has_the_lines_and_no_codes(lab: BakedProject) -> None:
    done = lab.on_terminal("kedro", "run", env={"TERM": "dumb"})
    assert sorted(lines_of_nodes(done.screen)) == sorted(NAMES)
    assert "━" not in done.text
    assert "\x1b" not in done.written
    assert "\n\n" not in done.screen.strip()


def test_terminal_without_unicode_shows_what_it_can(lab: BakedProject) -> None:
    """The mark of what is cut off is no letter of Latin-1."""
    env = {"PYTHONIOENCODING": "latin-1"}
    done = lab.on_terminal("kedro", "run", columns=28, env=env)
    names = re.findall(r"^- (\w+) +[\d.]+ s ", done.screen, re.M)
    assert sorted(names) == sorted(NAMES)
    assert "last step of the run failed" not in done.screen


@pytest.mark.skipif(sys.platform == "win32", reason="no fork there")
def test_workers_that_are_no_forks_are_quiet_too(lab: BakedProject) -> None:
    main = lab.read_file("main.py")
    text = 'import multiprocessing\n    multiprocessing.set_start_method("spawn")\n    main()\n'
    file = lab.root / "spawn.py"
    file.write_text(main.replace("\n    main()\n", f"\n    {text}"))
    done = lab.on_terminal("python", "spawn.py", "--runner", "ParallelRunner")
    assert sorted(lines_of_nodes(done.screen)) == sorted(NAMES)
    assert INFO not in done.screen
    assert done.screen.count("a warning of the node") == 1
