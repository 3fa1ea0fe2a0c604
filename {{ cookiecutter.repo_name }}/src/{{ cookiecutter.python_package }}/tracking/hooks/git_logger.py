"""The state of the code: git commit, branch, and what was not committed."""

from pathlib import Path
from typing import Any

from kedro.framework.hooks import hook_impl

from ..arguments import hook_options
from ..journal.places import FOLDER_NAME
from ..locations import local_path
from ..recording import lifecycle, runs
from ..recording.recorder import Recorder
from ..redact import redact_text
from ..settings import sqlite_path
from .git_patch import (
    FILE,
    TIMEOUT_SECONDS,
    asked_before,
    code_without,
    log_changed_data,
    log_uncommitted,
    run_git,
)
from .guard import guarded

# What SQLite puts beside its file.
_DATABASE = ("", "-journal", "-shm", "-wal")


@hook_options
class MLflowGitLoggerHook:
    """Records the git state of the project, in `before_pipeline_run`; nothing outside a repository.

    Writes the tags `mlflow.source.git.commit`, `mlflow.source.git.branch` and
    `mlflow.source.git.repoURL` (MLflow's own names), `git.commit_message` and `git.dirty`, and the
    patch of uncommitted changes and new files as the artifact `git/uncommitted.patch`, from which
    `git apply` makes the same files again. Files below `data/` are no code: they are in neither,
    and `git.changed_data` names those that are not as they were committed.

    Args:
        enable_mlflow: False turns this hook off.
    """

    def __init__(self, enable_mlflow: bool = True) -> None:
        self.enable_mlflow = enable_mlflow

    @hook_impl
    def before_pipeline_run(self, run_params: dict[str, Any], catalog: Any) -> None:
        """Record the git state."""
        self._log(run_params, catalog)

    @guarded
    def _log(self, run_params: dict[str, Any], catalog: Any) -> None:
        recorder = getattr(catalog, runs.ATTRIBUTE, None)
        if recorder is None or recorder.part_folder is not None:
            return
        if runs.in_force(self, recorder).enable_mlflow:
            log_git_state(recorder, Path(run_params["project_path"]))


def log_git_state(recorder: Recorder, project: Path) -> None:
    """Record the git state of a folder; nothing where git or a repository is missing."""
    code = code_without(_own_paths(recorder, project))
    answers = run_git(
        project,
        ["log", "-1", "--format=%H%n%D%n%B"],
        ["status", "--porcelain", *code],
        ["config", "--get", "remote.origin.url"],
        *asked_before(code),
    )
    head, status, url = (text and text.decode("utf-8", "replace") for text in answers[:3])
    if not head:
        return
    commit, refs, message = (*head.split("\n", 2), "", "")[:3]
    recorder.set_tag("mlflow.source.git.commit", commit)
    recorder.set_tag("git.commit_message", message.strip())
    branch = next((ref[8:] for ref in refs.split(", ") if ref.startswith("HEAD -> ")), "")
    if branch:
        recorder.set_tag("mlflow.source.git.branch", branch)
    if url and url.strip():
        recorder.set_tag("mlflow.source.git.repoURL", redact_text(url.strip()))
    if status is None:
        recorder.warn(
            "git status",
            f"the tag git.dirty and {FILE} are not recorded: git status failed, or took more than "
            f"{TIMEOUT_SECONDS} s; say git status in {str(project)!r} to see why, and name what is "
            f"no code in .gitignore",
        )
    else:
        recorder.set_tag("git.dirty", str(bool(status.strip())).lower())
    log_changed_data(recorder, answers[-1])
    if status and status.strip():
        log_uncommitted(recorder, project, code, *answers[3:])


def _own_paths(recorder: Recorder, project: Path) -> list[str]:
    """Return where in the project this layer writes, and its store: none of it is code."""
    found = {project / FOLDER_NAME, project / "mlruns", recorder.folder.parent}
    run = lifecycle.of(recorder)
    if run is not None:
        uri, location = run.settings.uri, run.settings.artifact_location or ""
        database = sqlite_path(uri)
        if database is not None:
            found |= {Path(f"{database}{end}") for end in _DATABASE}
        found |= {path for path in (local_path(uri), local_path(location)) if path is not None}
    root = project.resolve()
    inside = [path for path in found if root in path.resolve().parents]
    return sorted(path.resolve().relative_to(root).as_posix() for path in inside)
