"""Each command that the layer, the template or a document names is one that exists and works."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from tests.faults.journals import end, new_journal
from tests.harness.baked import BakedProject
from tests.harness.doors import LAYER, ROOT
from tests.harness.store import client_of, runs_of

EXPERIMENT = "it's mine"


def texts_of(source: str) -> Iterator[str]:
    """Yield the texts of a module, those with values in them too."""
    inside: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.JoinedStr):
            inside.update(map(id, node.values))
            parts = (one.value if isinstance(one, ast.Constant) else "X" for one in node.values)
            yield "".join(map(str, parts))
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "mlflow_command":
            asked = node.args[0]
            for words in [asked.body, asked.orelse] if isinstance(asked, ast.IfExp) else [asked]:
                yield from (f"kedro mlflow {text}" for text in texts_of(ast.unparse(words)))
        elif isinstance(node, ast.Constant) and id(node) not in inside:
            yield str(node.value)


def commands_in(text: str) -> Iterator[list[str]]:
    """Yield the words of each command that a text names: `kedro mlflow x`, `y; mlflow z`."""
    for found in re.findall(r"kedro mlflow((?: [a-z]+(?:-[a-z]+)*)+)", " ".join(text.split())):
        yield ["kedro", *found.split()]
    for quoted in re.findall(r"`([^`]+)`", text):
        for command in re.split(r"; |&& ", quoted):
            if command.startswith("mlflow "):
                yield ["mlflow", *command.split()[1:]]


def unknown_options(group: click.Group, text: str) -> set[str]:
    """Return the options that a text gives to a command of `kedro mlflow` and that it lacks."""
    unknown = set()
    for line in re.findall(r"kedro mlflow ([a-z][^`\n|)]*)", text):
        words = line.split()
        command: click.Command = group
        while words and isinstance(command, click.Group):
            found = command.get_command(click.Context(command), words[0])
            if found is None:
                break
            command, words = found, words[1:]
        known = {name for one in command.params for name in (*one.opts, *one.secondary_opts)}
        given = {word.rstrip(".,;)\"'") for word in words if re.match("--[a-z]", word)}
        unknown |= {f"{command.name} {one}" for one in given if one.split("=")[0] not in known}
    return unknown


def is_there(group: click.Command, words: list[str]) -> bool:
    """Whether words lead to a command; what follows it are its arguments."""
    if not isinstance(group, click.Group) or not words:
        return True
    found = group.get_command(click.Context(group), words[0])
    return found is not None and is_there(found, words[1:])


def groups_of(baked: BakedProject) -> dict[str, click.Group]:
    with warnings.catch_warnings():  # of MLflow's own, as it is imported
        warnings.simplefilter("ignore")
        from mlflow.cli import cli
    return {"kedro": baked.tracking("commands.cli").mlflow, "mlflow": cli}


def named(template: Path) -> dict[tuple[str, ...], str]:
    found: dict[tuple[str, ...], str] = {}
    modules = list((template / LAYER).rglob("*.py"))
    documents = [
        path
        for path in template.glob("{{*/**/*")
        if path.suffix in (".md", ".toml", ".yml") or path.name == "Makefile"
    ]
    for path in [*modules, *documents, ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        text = path.read_text("utf8")
        for one in texts_of(text) if path.suffix == ".py" else [text]:
            found.update((tuple(words), path.name) for words in commands_in(one))
    return found


def test_each_command_that_is_named_exists(template: Path, baked: BakedProject) -> None:
    groups = groups_of(baked)
    known = named(template)
    assert ("kedro", "sync") in known
    assert ("kedro", "restore") in {words[:2] for words in known}
    assert ("mlflow", "db", "upgrade") in {words[:3] for words in known}
    # In prose a word may follow that is none of the command: only groups ask for one more.
    assert {
        words: place
        for words, place in known.items()
        if not is_there(groups[words[0]], [*words[1:]])
    } == {}


def test_each_option_that_a_document_names_exists(template: Path, baked: BakedProject) -> None:
    group = groups_of(baked)["kedro"]
    pages = [*(ROOT / "docs").glob("*.md"), ROOT / "README.md", ROOT / "CHANGELOG.md"]
    pages += template.glob("{{*/README.md")
    texts = {page.name: page.read_text("utf8") for page in pages}
    assert any("promote --none" in text for text in texts.values())
    assert {name: unknown_options(group, text) for name, text in texts.items()} == {
        name: set() for name in texts
    }
    assert unknown_options(group, "`kedro mlflow promote --non`") == {"promote --non"}


@pytest.mark.parametrize(
    "text", ["`kedro mlflow sink`", "use `kedro mlflow layer upgrade`", "`mlflow models server`"]
)
def test_what_does_not_exist_is_found(text: str, baked: BakedProject) -> None:
    (words,) = commands_in(text)
    assert not is_there(groups_of(baked)[words[0]], words[1:])


def test_deleted_experiment_is_restored_by_the_command_that_is_printed(
    project: BakedProject,
) -> None:
    (project.root / "mlruns").mkdir()
    client = client_of(project)
    client.delete_experiment(client.create_experiment(EXPERIMENT))
    root = project.root / ".mlflow-journal"
    recorder = new_journal(project.tracking, root, project.store, experiment_name=EXPERIMENT)
    recorder.log_metric("score", 0.5)
    end(recorder)
    told = project.run("kedro", "mlflow", "sync", code=1).stdout
    command = told.partition("restore it with `")[2].partition("`")[0]
    assert "is restored" in project.run("bash", "-c", command).stdout
    assert "exported as run" in project.run("kedro", "mlflow", "sync").stdout
    assert [run.data.metrics for run in runs_of(project)] == [{"score": 0.5}]


@pytest.mark.slow
def test_store_of_an_older_version_is_upgraded_by_the_command_that_is_told(
    project: BakedProject,
) -> None:
    """As it is printed, in the project's folder."""
    project.tracking("store.client").open_client(project.store).search_experiments()
    told = project.tracking("store.reasons").reason(
        Exception("Detected out-of-date database schema (found version a, but …")
    )
    (command,) = re.findall(r"`([^`]+)`", told)
    done = project.run("bash", "-c", command)
    assert "Updating database tables" in done.stderr
