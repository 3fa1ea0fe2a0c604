"""Bring the tracking layer into a Kedro project that was not made from this template; offline.

    python scripts/install_layer.py PROJECT [--yes] [--dry-run] [--uninstall]
    python scripts/install_layer.py PROJECT --prove [-- ARGUMENTS OF kedro run]

The folder `tracking` comes into the project's package. What changes outside of it is printed as a
diff before anything is written, and `--uninstall` takes it back.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts.installing.changes import Change, Todo, diff_lines, locked_places  # noqa: E402
from scripts.installing.folder import (  # noqa: E402
    IGNORE,
    bring_folder,
    keep_files,
    layer_names,
    owners_files,
    place_to_keep,
    remove_folder,
    show_to_git,
)
from scripts.installing.ignore_file import hidden_files  # noqa: E402
from scripts.installing.plan import Plan, make_plan  # noqa: E402
from scripts.installing.project import InstallError, KedroProject, find_project  # noqa: E402
from scripts.installing.proof import ProofError, prove  # noqa: E402
from scripts.installing.record import RECORD, Entry, read_record, record_text, taken_back  # noqa: E402
from scripts.installing.settings_file import has_hooks  # noqa: E402
from scripts.template_layer import TRACKING, module  # noqa: E402

DONE, LEFT, REFUSED = 0, 1, 2


def main(argv: list[str]) -> int:
    """Install or uninstall; returns 0, 1 where something is left to the owner, 2 if refused."""
    args = _arguments(argv)
    layer_error = module("layer.git").LayerError
    try:
        project = find_project(args.project, args.python)
        if not args.dry_run:
            _clear_rooms(project)
        if args.uninstall:
            return uninstall(project, args.dry_run, args.yes)
        code = install(project, args.dry_run, args.yes)
        if args.prove and not args.dry_run and not has_hooks(project.settings_text):
            print("There is no run to prove it: settings.py lacks the hooks, see above.")
        elif args.prove and not args.dry_run:
            print("\nOne run on a store that is thrown away:")
            print("\n".join(prove(project, args.run_arguments)))
    except InstallError as error:
        print(f"Nothing was changed: {error}.", file=sys.stderr)
        return REFUSED
    except (OSError, layer_error) as error:
        print(f"It was broken off: {error}. Mend that, and run it again.", file=sys.stderr)
        return REFUSED
    except ProofError as error:
        print(f"The layer is in, and the proof failed: {error}.", file=sys.stderr)
        return LEFT
    return code


def install(project: KedroProject, dry_run: bool, yes: bool) -> int:
    """Bring the layer in, after it was shown what that changes; returns the exit code.

    Raises:
        InstallError: it can't come in, or was not wanted; nothing was changed.
        OSError, LayerError: it was broken off.
    """
    plan = make_plan(project)
    record = project.tracking / RECORD
    earlier = read_record(record) if record.is_file() else None
    hidden = [] if plan.is_new else hidden_files(project, layer_names())
    mendable = bool(hidden) and not (project.tracking / IGNORE).exists()
    plan.notes += _told(plan, earlier, hidden, mendable)
    version, files = _released()
    if plan.is_new:
        print(f"new folder {project.name(project.tracking)}: layer {version}, {files} files")
    else:
        have = module("manifest").layer_label(project.tracking)
        print(f"{project.name(project.tracking)} is there, layer {have}: it stays as it is")
    _show(project, plan.changes, plan.todos, plan.notes)
    if not plan.is_new and not plan.changes and not mendable:
        print("Nothing else to do." if plan.todos or hidden else "Nothing to do.")
        return LEFT if plan.todos or plan.is_partial or hidden else DONE
    if dry_run:
        return DONE
    _check_writable(project, plan.changes)
    _confirm("Install it?", yes)
    _write(plan, earlier)
    hidden = hidden_files(project, layer_names())
    if hidden:
        show_to_git(project.tracking)
        hidden = hidden_files(project, layer_names())
    if hidden:
        print(_to_mend(hidden))
    _say_what_is_next(plan)
    return LEFT if plan.todos or plan.is_partial or hidden else DONE


def uninstall(project: KedroProject, dry_run: bool, yes: bool) -> int:
    """Take an installation back, after it was shown what that changes; returns the exit code.

    Raises:
        InstallError: there is none, or that was not wanted; nothing was changed.
        OSError, LayerError: it was broken off.
    """
    folder = project.tracking
    record = folder / RECORD
    if not record.is_file():
        raise InstallError(
            f"{project.name(folder)} was not installed by this script ({RECORD} is not in it)"
        )
    changes, todos = taken_back(project.root, record)
    _show(project, changes, todos, _waiting(project))
    if blocking := [todo for todo in todos if todo.needs_layer]:
        names = ", ".join(sorted({project.name(todo.path) for todo in blocking}))
        raise InstallError(
            f"{names} needs the layer, and lines of it were edited since: do first what stands "
            "above under 'By hand', then run this again"
        )
    own, place = owners_files(folder), place_to_keep(project.root)
    print(f"{project.name(folder)} is deleted, layer {module('manifest').layer_label(folder)}")
    for name in own:
        print(f"- yours, kept in {place.name}/: {name}")
    if dry_run:
        return DONE
    _check_writable(project, changes)
    _confirm("Take it out?", yes)
    keep_files(folder, own, place)
    # First what imports it: ended in between, the project runs.
    for change in sorted(changes, key=lambda change: change.after is None):
        change.write()
    remove_folder(folder)
    print("The layer is out. mlruns/ and what else runs have written is where it was.")
    return LEFT if todos else DONE


def _clear_rooms(project: KedroProject) -> None:
    try:
        module("layer.swap").clear_rooms(project.tracking)
    except module("layer.git").LayerError as error:
        raise InstallError(str(error)) from error


def _told(
    plan: Plan, earlier: list[Entry] | None, hidden: list[str], mendable: bool
) -> Iterator[str]:
    if not plan.is_new and earlier is None and plan.changes:
        yield "the layer was there before, so that --uninstall takes nothing of this back"
    if mendable:
        yield f"Git ignores {len(hidden)} files of the layer: it gets a {IGNORE} of its own"
    elif hidden:
        yield _to_mend(hidden)


def _to_mend(hidden: list[str]) -> str:
    more = f"{len(hidden)} files of the layer, say {hidden[0]}"
    return f"Git ignores {more}: mend the .gitignore that does it (`git check-ignore -v`)"


def _waiting(project: KedroProject) -> list[str]:
    folder = module("journal.places").FOLDER_NAME
    waiting = list((project.root / folder).glob("*/run.json"))
    if not waiting:
        return []
    return [
        f"{len(waiting)} runs wait in {folder}/ for their export: `kedro mlflow sync` does "
        "it, as long as the layer is there"
    ]


def _check_writable(project: KedroProject, changes: Sequence[Change]) -> None:
    if locked := locked_places([project.home, *(change.path for change in changes)]):
        names = ", ".join(sorted({project.name(one) for one in locked}))
        raise InstallError(f"{names} can't be written to; make it writable first")


def _write(plan: Plan, earlier: list[Entry] | None) -> None:
    text = record_text(plan.project.root, plan.changes, earlier or ())
    folder = plan.project.tracking
    if plan.is_new:
        bring_folder(folder, text)
    elif earlier is not None:  # else an uninstallation would delete what was there before
        (folder / RECORD).write_text(text, "utf8")
    for change in plan.changes:
        change.write()


def _released() -> tuple[str, int]:
    manifest = module("manifest").read_manifest(TRACKING)
    return manifest.layer, len(manifest.files) + 1


def _show(
    project: KedroProject, changes: Iterable[Change], todos: Iterable[Todo], notes: Iterable[str]
) -> None:
    # Of a requirements file a line with a password may stand nearby.
    redact_text = module("redact").redact_text
    for change in changes:
        print()
        for line in diff_lines(change, project.root):
            print(redact_text(line))
    for todo in todos:
        print(f"\nBy hand, {project.name(todo.path)}: {todo.why}" + (":" if todo.lines else "."))
        for line in todo.lines.splitlines():
            print(f"    {line}")
    print()
    for note in notes:
        print(f"- {note}")


def _confirm(question: str, yes: bool) -> None:
    if yes:
        return
    try:
        answer = input(f"{question} [y/N] ")
    except EOFError:
        raise InstallError("there is no one to ask; --yes says yes") from None
    if answer.strip().lower() not in ("y", "yes"):
        raise InstallError("you said no")


def _say_what_is_next(plan: Plan) -> None:
    project = plan.project
    python, beside = Path(project.python), shutil.which("kedro")
    is_beside = beside is not None and Path(beside).parent == python.parent
    kedro = "kedro" if is_beside else f"{python} -m kedro"
    changed = [change.path for change in plan.changes if "requirements" in change.path.name]
    print("The layer is in. Next:")
    if plan.todos:
        print("  what stands above under 'By hand'; without it runs may not be tracked")
    if project.versions["mlflow"] is None:
        what = f"-r {changed[0]}" if changed else "mlflow"
        print(f"  {python} -m pip install {what}")
    print(f"  cd {project.root}\n  {kedro} run\n  {kedro} mlflow ui")


def _arguments(argv: list[str]) -> argparse.Namespace:
    first, _, rest = (__doc__ or "").partition("\n")
    parser = argparse.ArgumentParser(
        description=first, epilog=rest, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("project", type=Path, help="the folder of its pyproject.toml")
    parser.add_argument("--yes", action="store_true", help="don't ask")
    parser.add_argument("--dry-run", action="store_true", help="only show what would change")
    parser.add_argument("--uninstall", action="store_true", help="take it out again")
    parser.add_argument("--python", help="the project's interpreter; its .venv's by default")
    parser.add_argument(
        "--prove",
        action="store_true",
        help="then run the project once on a store that is thrown away, and read it back",
    )
    at = argv.index("--") if "--" in argv else len(argv)
    args = parser.parse_args(argv[:at])
    args.run_arguments = argv[at + 1 :]
    return args


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
