"""The program that brings this layer into a project: `python -m tracking.layer.updater JOB`.

It is the new layer's own, started by the old one (see `job.py`); it needs Python and Git only.
"""

import io
import shutil
import sys
import tempfile
from pathlib import Path

from ..manifest import MANIFEST, Manifest, hash_files, layer_files, read_manifest
from ..redact import redact_text
from .build import build, compile_all, run_self_test
from .checkout import Checkout, checkout_of
from .conflicts import (
    Record,
    fingerprint,
    fingerprint_of,
    open_conflicts,
    record_place,
    stage,
    take_back,
)
from .git import LayerError
from .job import DONE, INTERRUPTED, INTERRUPTED_TEXT, OPEN, REFUSED, Job
from .merge import merger
from .plan import Step, collision, make_plan, read_tree
from .replaced import replaced_lines
from .report import conflict_lines, plan_lines, shell_place
from .source import project_of
from .swap import clear_rooms, exchange, room_beside, sync_to_disk
from .versions import changelog_between


def update(job: Job) -> int:
    """Do what a job says, and print it; returns the exit code.

    Raises:
        LayerError: it is refused; the folder is as it was.
    """
    folder, target = Path(job.folder), Path(job.target)
    manifest = read_manifest(target)
    clear_rooms(folder)
    checkout = checkout_of(folder)
    take_back(folder, checkout)
    if conflicts := open_conflicts(folder, checkout):
        print(*conflict_lines(folder, checkout, conflicts), sep="\n")
        return OPEN
    if job.base is not None and fingerprint_of(folder) == fingerprint(manifest):
        print(f"The layer is {job.target_version} already.")
        return DONE
    _refuse(folder, checkout)
    before = hash_files(folder)
    steps = _plan(job, folder, manifest)
    print(f"layer {job.base_version or 'none'} -> {job.target_version}")
    print(*plan_lines(steps, everything=job.dry_run), sep="\n")
    is_whole = job.base is None
    lost, shown = replaced_lines(manifest, folder, checkout) if is_whole else ([], [])
    for line in lost:
        print(line)
    if job.dry_run:
        print("Nothing was changed: this was a dry run.")
        return DONE
    kept = _bring_in(job, manifest, steps, checkout, before)
    if kept is not None:
        print(f"The folder as it was lies in {kept}, because Git does not keep all of it.")
    for line in shown:
        print(line)
    _print_changelog(job)
    if conflicts := open_conflicts(folder, checkout):
        print(*conflict_lines(folder, checkout, conflicts), sep="\n")
        return OPEN
    record_place(folder, checkout).unlink(missing_ok=True)
    print(f"The layer is {job.target_version} now. Look at it, and run the tests.")
    if checkout is not None:
        print(f"Then commit all of it:\n  git add -A -- {shell_place(folder)}\n  git commit")
    return DONE


def _refuse(folder: Path, checkout: Checkout | None) -> None:
    if checkout is not None and (busy := checkout.busy_with()):
        raise LayerError(f"the repository is in the middle of a {busy}: finish or abort it first")
    # A folder that is gone as a whole is the owner's word, committed or not.
    dirty = checkout.dirty() if checkout is not None and layer_files(folder) else []
    if dirty:
        more = f" and {len(dirty) - 3} more" if len(dirty) > 3 else ""
        raise LayerError(
            f"{folder} has changes that are not committed ({', '.join(dirty[:3])}{more}): "
            "commit or stash them first, so that an update can be taken back"
        )


def _plan(job: Job, folder: Path, manifest: Manifest) -> list[Step]:
    base = read_tree(Path(job.base)) if job.base is not None else {}
    # Without a base nobody can tell what is the owner's: the target comes in whole.
    yours = read_tree(folder) if job.base is not None else {}
    merge = merger(job.base_version or "unknown", job.target_version)
    steps = make_plan(base, yours, read_tree(Path(job.target)), manifest, merge)
    if found := collision(yours, steps):
        raise LayerError(f"{found[0]} is a file, and {found[1]} needs a folder there: move yours")
    return steps


def _bring_in(
    job: Job,
    manifest: Manifest,
    steps: list[Step],
    checkout: Checkout | None,
    before: dict[str, str],
) -> Path | None:
    """Build, try, and swap; returns where the folder as it was is kept, if Git does not keep it."""
    folder, target = Path(job.folder), Path(job.target)
    conflicts = [step for step in steps if step.kind == "conflict"]
    with room_beside(folder) as room:
        built = room / folder.name
        build(folder if job.base is not None else built, steps, built)
        compile_all(built, target, [step.path for step in conflicts])
        _try(job, built, bool(conflicts))
        shutil.copyfile(target / MANIFEST, built / MANIFEST)
        sync_to_disk(built)
        # The self-test takes seconds, and editors save by themselves.
        if hash_files(folder) != before:
            raise LayerError(f"{folder} was edited while the update ran: commit, and run it again")
        if checkout is None:
            is_unkept = bool(layer_files(folder))
        else:  # a merge carries over what Git ignores
            is_unkept = job.base is None and bool(checkout.untracked())
        kept = _keep_beside(folder, job.target_version) if is_unkept else None
        if conflicts:
            notes = {step.path: step.note for step in conflicts}
            place = record_place(folder, checkout)
            record = Record(place, job.target_version, fingerprint(manifest), notes)
            if checkout is None:
                record.write()
            else:
                stage(checkout, steps, (built / MANIFEST).read_bytes(), record)
        try:
            exchange(built, folder)
        except OSError as error:
            take_back(folder, checkout)
            raise LayerError(f"{folder} can't be replaced ({error})") from error
    return kept


def _try(job: Job, built: Path, has_conflicts: bool) -> None:
    if has_conflicts:
        print("self-test: skipped, because conflicts are open")
    elif not job.self_test:
        print("self-test: skipped, as you said")
    else:
        skipped = run_self_test(Path(job.folder), built, Path(job.target), job.python)
        print("self-test:", f"skipped, because {skipped}" if skipped else "passed", flush=True)


def _keep_beside(folder: Path, version: str) -> Path:
    """Copy a folder that Git does not keep to the project's root, where nothing imports it."""
    root = project_of(folder)
    place, number = root / f"tracking-before-{version}", 1
    while place.exists():
        number += 1
        place = root / f"tracking-before-{version}-{number}"
    part = Path(tempfile.mkdtemp(prefix=".tracking-before-", dir=root))
    shutil.copytree(folder, part / "tracking", symlinks=True)
    (part / "tracking").rename(place)
    part.rmdir()
    return place


def _print_changelog(job: Job) -> None:
    if job.changelog is None:
        return
    text = Path(job.changelog).read_text("utf8")
    entries = changelog_between(text, job.base_version, job.target_version)
    if entries:
        print("\nOutside of the folder nothing was edited. What the changelog asks of you:\n")
        print(entries, end="\n\n")


def main(argv: list[str]) -> int:
    """Do the job in a file; an error is one sentence, and the exit code 2."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a changelog may hold what a console does not
    try:
        return update(Job.read(Path(argv[0])))
    except KeyboardInterrupt:
        print(INTERRUPTED_TEXT, file=sys.stderr)
        return INTERRUPTED
    except (LayerError, ValueError, OSError) as error:
        print(f"The layer was not updated: {redact_text(str(error))}.", file=sys.stderr)
        return REFUSED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
