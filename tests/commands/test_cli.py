"""What `kedro mlflow` offers, and what its commands say where there is nothing to do."""

from __future__ import annotations

import pytest

from tests.harness.baked import BakedProject

COMMANDS = {
    *("discard", "env", "layer", "relocate", "restore", "status", "sync", "ui"),
    *("download", "runs"),
    *("models", "promote", "serve"),
}


def test_commands_of_the_core_and_the_wings_are_listed(project: BakedProject) -> None:
    lines = project.run("kedro", "mlflow", "--help").stdout.partition("Commands:")[2].splitlines()
    listed = {line.split()[0]: line.split(maxsplit=1)[1:] for line in lines if line.strip()}
    assert set(listed) == COMMANDS
    assert all(listed.values()), "each says what it does"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("status", "No run waits for its export."),
        ("sync", "No run waits for its export."),
        ("relocate", "Nothing to do: the project's store names no other folder"),
    ],
)
def test_nothing_to_do_is_said_and_nothing_is_made(
    project: BakedProject, command: str, said: str
) -> None:
    before = project.files()
    assert said in project.run("kedro", "mlflow", command).stdout
    made = {name for name in project.files() - before if not name.endswith(".pyc")}
    assert {name for name in made if not name.startswith("logs/")} == set()
