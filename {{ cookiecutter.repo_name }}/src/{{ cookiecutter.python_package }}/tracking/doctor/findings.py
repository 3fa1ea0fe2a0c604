"""What `kedro mlflow doctor` finds, from the settings to the store, in that order."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .. import env, project
from ..datasets.needs import is_missing, remedy
from ..exporting.journals import set_aside, waiting_journals
from ..journal.packages import own_label
from ..program import mlflow_command
from ..redact import redact_text, secret_values
from ..settings import TrackingSettings
from .sources import in_force

Say = Callable[..., None]

_PROBE = f"{__name__.rpartition('.')[0]}.probe"


def examine(say: Say, seconds: float) -> None:
    """Look at everything that a run needs, and say it.

    Args:
        say: takes a name, what is told of it, and whether a run would not arrive for it.
        seconds: how long the store may take.
    """
    root = project.project_path()
    say("layer", f"{own_label()}, Python {sys.version.split()[0]}")
    found = project.mlflow_yml()
    hook = project.hook_in_python()
    run_env = getattr(found, "run_env", None) or project.chosen_env()
    say("environment", run_env or "the one that runs by default")
    if hook is None:
        say("hooks", "HOOKS in settings.py has no MLflowBasicLoggerHook: nothing is tracked", True)
        return
    if found is not None and found.faults:
        for fault in found.faults:
            say("mlflow.yml", fault, True)
        return
    try:
        used = project.with_mlflow_yml(hook, found)
        is_enabled = used.is_enabled()
        settings = used.settings.resolved(root)
    except ValueError as error:
        say("settings", str(error), True)
        return
    for name, told in in_force(hook, settings, found, root):
        say(name, told)
    for _, note in found.notes if found is not None else ():
        say("mlflow.yml", note)
    if not is_enabled:
        say("tracking", f"is off: {env.ENABLED} or enable_mlflow says so", True)
    _look_at_journals(say, root)
    if is_missing("mlflow"):
        say("packages", f"a run needs {remedy('mlflow')}", True)
        return
    if settings.export == "later":
        say("export", f"runs wait until `{mlflow_command('sync')}`")
    for answer in _asked(settings, root, seconds):
        say(answer["name"], answer["told"], not answer["ok"])


def _look_at_journals(say: Say, root: Path) -> None:
    waiting, aside = len(waiting_journals(root)), len(set_aside(root))
    told = [f"{_count(waiting)}, see `{mlflow_command('status')}`"] if waiting else []
    told += [f"{aside} can't be read"] if aside else []
    if not _is_writable(Path(os.environ.get(env.JOURNAL_DIR) or root)):
        told.append(
            f"goes to a folder for temporary files; set {env.JOURNAL_DIR} to one that lasts"
        )
    say("journal", "; ".join(told) or "nothing waits")


def _count(waiting: int) -> str:
    return "1 run waits" if waiting == 1 else f"{waiting} runs wait"


def _is_writable(folder: Path) -> bool:
    there = next((one for one in (folder, *folder.parents) if one.exists()), folder)
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)


def _asked(settings: TrackingSettings, root: Path, seconds: float) -> list[dict[str, Any]]:
    """Let a process of its own try the store, which is ended when it takes too long."""
    about = {
        "uri": settings.uri,
        "experiment_name": settings.experiment_name,
        "experiment_id": settings.experiment_id,
        "artifact_location": settings.artifact_location,
        "credentials": dict(settings.credentials),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", _PROBE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=root,
        env=env.for_child(__name__, __file__),
    )
    is_late = False
    try:
        output, log = process.communicate(json.dumps(about).encode(), timeout=seconds)
    except subprocess.TimeoutExpired:
        is_late = True
        process.kill()
        output, log = process.communicate()
    answers = [answer for line in output.splitlines() if (answer := _answer(line)) is not None]
    done = {answer["name"] for answer in answers}
    missing = next((name for name in ("store", "artifacts") if name not in done), None)
    if missing is not None and all(answer["ok"] for answer in answers):
        said = [line for line in log.decode("utf-8", "replace").splitlines() if line.strip()]
        last = redact_text(said[-1].strip() if said else "", secret_values(about["credentials"]))
        why = f"no answer within {seconds:g} s (--seconds); {last}" if is_late else last
        answers.append({"name": missing, "ok": False, "told": why.rstrip("; ") or "no answer"})
    return answers


def _answer(line: bytes) -> dict[str, Any] | None:
    try:
        said = json.loads(line)
    except ValueError:  # a library has printed
        return None
    return said if isinstance(said, dict) and {"name", "ok", "told"} <= said.keys() else None
