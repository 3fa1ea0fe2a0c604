"""The error of a node: its traceback once, from the user's frames on, and the panel below it."""

from __future__ import annotations

import re

import pytest

from tests.harness.baked import BakedProject
from tests.harness.store import client_of, runs_of

pytestmark = pytest.mark.slow

ERROR = "ValueError: the node's own [red]error[/red]"
HINT = "It begins at your own code; --verbose shows all of it."


def frames(screen: str) -> list[tuple[str, str]]:
    """Return which functions the frames of a traceback are of, as Rich shows them."""
    return re.findall(r"^│ \S*/(\w+\.py):\d+ in (\w+) +│$", screen, re.M)


@pytest.mark.parametrize("runner", ["SequentialRunner", "ThreadRunner", "ParallelRunner"])
def test_traceback_begins_at_the_users_frames_and_the_panel_is_last(
    lab: BakedProject, runner: str
) -> None:
    env = {"NODE_DOES": "raise"}
    done = lab.on_terminal("kedro", "run", "--runner", runner, env=env, columns=160, code=1)
    assert frames(done.screen) == [("nodes.py", "second"), ("nodes.py", "deeper")]
    above, _, below = done.screen.partition(HINT)
    assert above.count(ERROR) == 1
    assert above.rstrip().endswith(ERROR)
    assert re.search(r"│ status +FAILED +│", below)
    assert below.rstrip().splitlines()[-1].startswith("╰")
    assert re.search(r"^✗ second +[\d.]+ s  failed$", above, re.M)
    run = runs_of(lab)[0]
    assert run.info.status == "FAILED"
    path = client_of(lab).download_artifacts(run.info.run_id, "traceback.txt")
    with open(path) as file:
        assert "kedro" in file.read(), "the whole traceback is in the run"


def test_error_and_its_cause_are_both_short(lab: BakedProject) -> None:
    done = lab.on_terminal("kedro", "run", env={"NODE_DOES": "chain"}, columns=160, code=1)
    own = [("nodes.py", "second"), ("nodes.py", "deeper"), ("nodes.py", "second")]
    assert frames(done.screen) == own
    assert "direct cause" in done.screen
    assert "RuntimeError: what came of it\n" in done.screen


def test_cause_in_a_worker_is_short_too(lab: BakedProject) -> None:
    runner = ("--runner", "ParallelRunner")
    env = {"NODE_DOES": "chain"}
    done = lab.on_terminal("kedro", "run", *runner, env=env, columns=160, code=1)
    own = [("nodes.py", "second"), ("nodes.py", "deeper"), ("nodes.py", "second")]
    assert frames(done.screen) == own
    assert ERROR in done.screen
    assert "RuntimeError: what came of it\n" in done.screen


def test_function_that_calls_itself_for_ever_is_a_few_frames(lab: BakedProject) -> None:
    done = lab.on_terminal("kedro", "run", env={"NODE_DOES": "recurse"}, columns=160, code=1)
    assert set(frames(done.screen)) == {("nodes.py", "second")}
    assert len(frames(done.screen)) <= 4
    assert "RecursionError" in done.screen.partition(HINT)[0]


def test_narrow_dumb_terminal_breaks_no_line_of_the_traceback(lab: BakedProject) -> None:
    env = {"NODE_DOES": "raise", "TERM": "dumb"}
    done = lab.on_terminal("kedro", "run", env=env, columns=60, code=1)
    assert re.search(r"^╭─+ Traceback .*─╮$", done.screen, re.M)


def test_error_without_a_frame_of_the_users_is_one_frame(lab: BakedProject) -> None:
    done = lab.on_terminal("kedro", "run", "--nodes", "no_such_node", columns=160, code=1)
    assert len(frames(done.screen)) == 1
    assert "no_such_node" in done.screen


def test_verbose_shows_all_of_it_and_the_panel_below(lab: BakedProject) -> None:
    env = {"NODE_DOES": "raise"}
    done = lab.on_terminal("kedro", "run", "--verbose", env=env, columns=160, code=1)
    names = [name for _, name in frames(done.screen)]
    assert names[-2:] == ["second", "deeper"]
    assert "_run_with_dict" in names or len(names) > 6
    assert HINT not in done.screen
    above, _, below = done.screen.rpartition(ERROR)
    assert "FAILED" not in above
    assert re.search(r"│ status +FAILED +│", below)


def test_pipe_has_the_whole_traceback_and_the_panel_below(lab: BakedProject) -> None:
    done = lab.run("kedro", "run", env={"NODE_DOES": "raise"}, code=1)
    above, _, below = done.stderr.rpartition(ERROR)
    assert "in second" in above
    assert above.count("site-packages/kedro") > 3
    assert "status: FAILED" in below
    assert done.stderr.count("status: FAILED") == 1


def test_error_output_that_is_a_file_has_the_whole_traceback(lab: BakedProject) -> None:
    code = (
        "import os; file = os.open('errors.txt', os.O_WRONLY | os.O_CREAT)\n"
        "os.dup2(file, 2); os.execvp('kedro', ['kedro', 'run'])"
    )
    done = lab.on_terminal("python", "-c", code, env={"NODE_DOES": "raise"}, code=1)
    assert "✗ second" in done.screen
    errors = lab.read_file("errors.txt")
    assert HINT not in errors
    assert errors.count("site-packages/kedro") > 3
    assert "status: FAILED" in errors.rpartition(ERROR)[2]


def test_exit_of_a_node_and_its_code_stay(lab: BakedProject) -> None:
    done = lab.on_terminal("kedro", "run", env={"NODE_DOES": "exit"}, code=7)
    assert "Traceback" not in done.screen
    assert re.search(r"^✗ second +[\d.]+ s  broken off$", done.screen, re.M)
    assert re.search(r"│ status +FAILED +│", done.screen)


def test_ctrl_c_is_killed_and_the_terminal_is_left_clean(lab: BakedProject) -> None:
    typed = iter(["\x03"])
    done = lab.on_terminal(
        *("kedro", "run"),
        env={"NODE_SLEEPS": "30"},
        code=1,
        type_when=lambda written: next(typed, None) if "2/4 second" in written else None,
    )
    assert re.search(r"│ status +KILLED +│", done.screen)
    assert re.search(r"^✗ second +[\d.]+ s  broken off$", done.screen, re.M)
    assert done.written.rfind("\x1b[?25h") > done.written.rfind("\x1b[?25l"), "the cursor is there"


SCRIPT = """
import sys
from pathlib import Path
from kedro.framework.cli.utils import find_run_command
from kedro.framework.startup import bootstrap_project

run = find_run_command(bootstrap_project(Path.cwd()).package_name)
"""


def test_hooks_for_errors_are_called_as_ever(lab: BakedProject) -> None:
    """A debugger that waits in `sys.excepthook`, say, gets the error; the panel stands below."""
    mine = "sys.excepthook = lambda kind, value, trace: print('mine:', value)"
    code = f"{SCRIPT}\n{mine}\nrun(['-v'])\n"
    (lab.root / "hooked.py").write_text(code)
    done = lab.on_terminal("python", "hooked.py", env={"NODE_DOES": "raise"}, code=1)
    assert "mine: the node's own [red]error[/red]\n╭" in done.screen
    (lab.root / "hooked.py").write_text(code.replace("'-v'", ""))
    done = lab.on_terminal("python", "hooked.py", env={"NODE_DOES": "raise"}, code=1)
    assert "mine: the node's own [red]error[/red]\n╭" in done.screen


def test_who_catches_the_error_has_the_panel(lab: BakedProject) -> None:
    catching = "try:\n    run([], standalone_mode=False)\nexcept ValueError:\n    print('caught')"
    code = f"{SCRIPT}\n{catching}\n"
    done = lab.run("python", "-c", code, env={"NODE_DOES": "raise"})
    assert done.stdout.rstrip().endswith("caught")
    assert done.stderr.count("status: FAILED") == 1


def test_debugger_that_runs_the_script_gets_the_error(lab: BakedProject) -> None:
    answers = iter(["c\n", "q\n", "q\n"])  # it begins the script again
    done = lab.on_terminal(
        *("python", "-m", "pdb", "main.py"),
        env={"NODE_DOES": "raise"},
        code=None,
        type_when=lambda written: next(answers, None) if written.endswith("(Pdb) ") else None,
    )
    assert "Entering post mortem debugging" in done.text
    assert done.text.count("FAILED") == 1
