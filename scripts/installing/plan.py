"""All that an installation changes in a project; nothing is written here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from scripts.installing import (
    cli_file,
    config_file,
    ignore_file,
    pyproject_file,
    requirement_files,
    settings_file,
)
from scripts.installing.changes import Change, NotUnderstoodError, Todo, any_text, read_text
from scripts.installing.ignore_file import with_lines
from scripts.installing.kedro_mlflow import conf_files, translate
from scripts.installing.project import InstallError, KedroProject
from scripts.template_layer import module

BOM = "\ufeff"
Edit = tuple[Callable[[str], str], str]


@dataclass
class Plan:
    """What is going to be done.

    Args:
        project: the project.
        is_new: the layer's folder comes in; else it is there already.
        changes: of files outside of the folder.
        todos: what is left to the owner.
        notes: what he should know, a line each.
        is_partial: something of kedro-mlflow has no counterpart.
    """

    project: KedroProject
    is_new: bool
    changes: list[Change] = field(default_factory=list)
    todos: list[Todo] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    is_partial: bool = False

    def edit(self, path: Path, *edits: Edit) -> None:
        """Add what edits make of a file; one that can't be done is left to the owner.

        Args:
            path: the file, which may not be there.
            edits: each takes a text and returns the new one; with it the lines that say the same.
        """
        unread = ""
        try:
            before = read_text(path)
        except UnicodeDecodeError as error:
            unread = f"it is no UTF-8 ({error}): save it as that, and run this again, or add these"
            before = any_text(path)
        # As Windows' editors write it, and Python reads it.
        mark = BOM if (before or "").startswith(BOM) else ""
        text = (before or "").removeprefix(mark)
        for edit, paste in edits:
            try:
                new = edit(text)
            except NotUnderstoodError as error:
                self.todos.append(Todo(path, str(error), paste))
                continue
            if unread and new != text:
                self.todos.append(Todo(path, unread, paste))
            else:
                text = new
        if mark + text != (before or ""):
            self.changes.append(Change(path, before, mark + text))


def make_plan(project: KedroProject) -> Plan:
    """Return what an installation changes in a project.

    Raises:
        InstallError: it can't be served.
    """
    if project.package.partition(".")[0] in ("mlflow", "kedro"):
        raise InstallError(f"the package {project.package} stands in the place of the library")
    plan = Plan(project, is_new=not _is_there(project))
    home, root = project.home, project.root
    text = project.settings_text
    given = translate(project)
    settings: list[Edit] = [(settings_file.with_hooks, settings_file.PASTE)]
    if project.versions["kedro-mlflow"] is not None or given.texts or given.config:
        settings.append((settings_file.without_plugin, settings_file.PLUGIN_PASTE))
    # First what the others import: ended in between, the project runs.
    is_needed = not settings_file.has_hooks(text) or settings_file.imports_config(text)
    if is_needed or (home / config_file.NAME).exists():
        _add_config(plan, given.config)
    plan.edit(home / "settings.py", *settings)
    if (home / "cli").is_dir():
        why = "it is a package, so these lines belong into it"
        paste = cli_file.PASTE.replace("from .tracking", f"from {project.package}.tracking")
        if "tracking.commands" not in any_text(home / "cli/__init__.py"):
            plan.todos.append(Todo(home / "cli/__init__.py", why, paste))
    else:
        plan.edit(home / "cli.py", (cli_file.with_commands, cli_file.PASTE))
    if settings_file.uses_name(text, "MlflowHook"):
        why = "kedro-mlflow's own hook stands in HOOKS, so that each run is recorded twice"
        plan.todos.append(Todo(home / "settings.py", f"{why}: take it out", "MlflowHook()\n"))
    _edit_requirements(plan)
    if ignore_file.is_in_git(root):
        paste = "".join(f"{line}\n" for line in ignore_file.WRITTEN)
        plan.edit(root / ".gitignore", (lambda text: with_lines(project, text), paste))
    plan.changes += [Change(path, read_text(path), text) for path, text in given.texts.items()]
    plan.notes += given.left
    plan.is_partial = bool(given.left)
    return plan


def _add_config(plan: Plan, given: Mapping[str, object]) -> None:
    """Add mlflow_config.py where it is missing.

    Raises:
        InstallError: a file of that name is the owner's own.
    """
    project, path = plan.project, plan.project.home / config_file.NAME
    if path.exists():
        if settings_file.NAME not in any_text(path):
            raise InstallError(
                f"{project.name(path)} is there, and has no {settings_file.NAME}: rename it first"
            )
        return
    files = conf_files(project)
    parameters = sorted((files.conf / files.base).glob("parameters*"))
    named = [project.name(one) for one in parameters]
    new = config_file.config_text(project.package, given, named)
    plan.changes.append(Change(path, None, new))


def _is_there(project: KedroProject) -> bool:
    """Whether the layer is in the project already.

    Raises:
        InstallError: something else has its name.
    """
    folder = project.tracking
    if folder.with_suffix(".py").exists():
        raise InstallError(
            f"{project.name(folder.with_suffix('.py'))} has the layer's name: rename it first"
        )
    if not folder.exists():
        return False
    try:
        module("manifest").read_manifest(folder)
    except ValueError as error:
        raise InstallError(
            f"{project.name(folder)} is there, and is not this layer (it has no manifest.json of "
            "one): rename it first, or restore that file with Git if it is"
        ) from error
    return True


def _edit_requirements(plan: Plan) -> None:
    project, toml = plan.project, plan.project.toml
    lines = requirement_files.needed_lines()
    needed = "".join(f"{line}\n" for line in lines.values())
    in_pyproject = pyproject_file.requires_kedro(toml)
    in_use = requirement_files.files_in_use(project, elsewhere=in_pyproject)
    for path, included in in_use.items():
        plan.edit(path, (partial(requirement_files.with_requirements, present=included), needed))
    pyproject = project.root / "pyproject.toml"
    plan.edit(
        pyproject,
        (lambda text: pyproject_file.with_requirements(text, toml), needed),
        (
            lambda text: pyproject_file.with_package_data(text, toml, project.package),
            pyproject_file.package_data(project.package),
        ),
        (lambda text: pyproject_file.with_source(text, toml, project.root), ""),
    )
    if not in_use and not in_pyproject:
        why = "no requirements file that requires Kedro was found: add these to yours"
        plan.todos.append(Todo(pyproject, why, needed))
    version, oldest = project.versions["mlflow"], requirement_files.oldest("mlflow")
    if version is None:
        plan.notes.append(
            f"mlflow is not installed in {project.python}: install {lines['mlflow']!r}."
        )
    elif requirement_files.numbers(version) < oldest:
        plan.notes.append(
            f"mlflow {version} in {project.python} is older than what the layer was tried with: "
            f"install {lines['mlflow']!r}."
        )
