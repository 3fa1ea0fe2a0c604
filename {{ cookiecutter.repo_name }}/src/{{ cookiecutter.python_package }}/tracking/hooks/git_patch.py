"""What was not committed, as a patch from which `git apply` makes the same files again."""

import os
import re
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..recording.recorder import Recorder
from ..redact_files import PATCH_NAME, redact_document, sections
from ..redact_shapes import MASK

FILE = "git/uncommitted.patch"
# A huge repository must not hold up the pipeline.
TIMEOUT_SECONDS = 5
# What nobody committed and is larger is data, as a rule.
MAX_UNTRACKED_BYTES = 5_000_000
MAX_PATCH_BYTES = 20_000_000

# Whatever the user's own configuration says of how a diff looks.
_DIFF = (
    "-c diff.suppressBlankEmpty=false diff HEAD --binary --full-index --no-color --no-ext-diff "
    "--no-textconv --no-relative --src-prefix=a/ --dst-prefix=b/ --submodule=short -U3 "
    "--inter-hunk-context=0 -O/dev/null"
)
# Kedro's folder of data. No code: the digests of what a run reads are its inputs in MLflow.
DATA = "data"
_CODE = ("--", ".", f":(exclude){DATA}")
MAX_NAMED = 5
# What has a meaning in the pattern of `git apply --exclude`.
_WILD = re.compile(r"[*?\[\\]")
_ESCAPED = r"\\\g<0>"
_ADD = "add --intent-to-add --pathspec-from-file=- --pathspec-file-nul"


def code_without(own: Sequence[str]) -> list[str]:
    """Return the words for Git that mean the project's code.

    Args:
        own: paths, relative to the project, of what this layer writes.
    """
    return [*_CODE, *(f":(exclude,literal){path}" for path in own)]


def asked_before(code: Sequence[str]) -> list[list[str]]:
    """Return what Git is asked at once with all else.

    They are the files that Git does not know, where its index lies, and data that is not as it was
    committed.
    """
    return [
        ["ls-files", "--others", "--exclude-standard", "-z", *code],
        ["rev-parse", "--git-path", "index"],
        ["diff", "--name-only", "--relative", "-z", "HEAD", "--", DATA],
    ]


def log_uncommitted(  # noqa: PLR0913
    recorder: Recorder,
    project: Path,
    code: Sequence[str],
    untracked: bytes | None,
    index: bytes | None,
    changed_data: bytes | None,
) -> None:
    """Record the changes of a folder since its last commit, and the files that Git does not know.

    Its data are left out, and the tag `git.changed_data` names what changed of them. Says by name
    what else is left out: a file above 5 MB that Git does not know, a repository inside, a whole
    patch above 20 MB, or one that Git does not make in time.

    Args:
        recorder: records the run.
        project: the folder, in a Git repository.
        code: what `code_without` returned.
        untracked: what Git answered to the first of `asked_before`.
        index: what it answered to the second.
        changed_data: what it answered to the third.
    """
    names = _names(untracked)
    left_out = [name for name in names if not _is_small(project / os.fsdecode(name))]
    if left_out:
        recorder.warn(
            FILE,
            f"{_listed(left_out)}: not in {FILE}, for Git does not know it and it is above "
            f"{MAX_UNTRACKED_BYTES / 1e6:g} MB, no plain file, or not to be read; commit it, or "
            f"name it in .gitignore",
        )
    patch = _patch(project, code, [name for name in names if name not in left_out], index)
    if patch is None:
        why = f"Git failed, or took more than {TIMEOUT_SECONDS} s"
    elif len(patch) > MAX_PATCH_BYTES:
        why = f"it has {len(patch) / 1e6:.1f} MB, {MAX_PATCH_BYTES / 1e6:g} MB is the limit"
    else:
        listing = b"".join(b"# untracked: " + name + b"\n" for name in left_out)
        listing += b"".join(b"# data: " + name + b"\n" for name in _names(changed_data))
        # Other bytes than those of UTF-8 stay as they are.
        text = (listing + patch).decode("utf-8", "surrogateescape")
        masked = redact_document(text, FILE, recorder.secrets)
        recorder.log_text(text, FILE, masked=masked)
        _say_masked(recorder, text, masked)
        return
    recorder.warn(f"{FILE} {why}", f"{FILE} is not recorded: {why}; commit what you changed")


def log_changed_data(recorder: Recorder, changed: bytes | None) -> None:
    """Name the data files that are not as they were committed; they are no part of the patch."""
    if names := _names(changed):
        recorder.set_tag("git.changed_data", _listed(names))


def _names(answer: bytes | None) -> list[bytes]:
    return [name for name in (answer or b"").split(b"\0") if name]


def _listed(names: Sequence[bytes]) -> str:
    told = ", ".join(repr(os.fsdecode(name)) for name in names[:MAX_NAMED])
    return told + (f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else "")


def _say_masked(recorder: Recorder, text: str, masked: str) -> None:
    """Say which files `git apply` can't change, for Git finds other lines there than `***`."""
    broken: list[str] = []
    filled: list[str] = []
    for old, new in zip(sections(text), sections(masked), strict=True):
        name = PATCH_NAME.match(old)
        lines = zip(old.split("\n"), new.split("\n"), strict=False)
        edges = {before[:1] for before, after in lines if before != after}
        if name is not None and edges:
            (filled if edges == {"+"} else broken).append(_unquoted(name[0], name["name"]))
    if filled:
        told = ", ".join(map(repr, filled))
        recorder.warn(
            f"{FILE} ***", f"secrets that {FILE} adds to {told} are {MASK} there; write them anew"
        )
    if broken:
        options = " ".join(shlex.quote(f"--exclude={_WILD.sub(_ESCAPED, one)}") for one in broken)
        recorder.warn(
            f"{FILE} masked",
            f"secrets in {FILE} are masked, so that it does not apply to "
            f"{', '.join(map(repr, broken))}; for all other files, download it as "
            f"git-uncommitted.patch and say: git apply {options} git-uncommitted.patch",
        )


def _unquoted(header: str, name: str) -> str:
    """Return a file's name as it is: Git writes one with special characters as C has it."""
    if not header.endswith('"'):
        return name
    raw = name.encode("utf-8", "surrogateescape").decode("unicode_escape")
    return raw.encode("latin-1").decode("utf-8", "surrogateescape")


def _is_small(path: Path) -> bool:
    if path.is_symlink():
        return True
    return (
        path.is_file() and path.stat().st_size <= MAX_UNTRACKED_BYTES and os.access(path, os.R_OK)
    )


def _patch(
    project: Path, code: Sequence[str], untracked: Sequence[bytes], index: bytes | None
) -> bytes | None:
    diff = [*_DIFF.split(), *code]
    if not untracked:
        return run_git(project, diff)[0]
    if index is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        # An index of our own, so that the user's stays as it is.
        copy = Path(folder, "index")
        own = project / os.fsdecode(index.strip())
        if own.exists():
            shutil.copyfile(own, copy)
        env = {**os.environ, "GIT_INDEX_FILE": str(copy)}
        (added,) = run_git(project, _ADD.split(), given=b"\0".join(untracked), env=env)
        return None if added is None else run_git(project, diff, env=env)[0]


def run_git(
    project: Path,
    *commands: Sequence[str],
    given: bytes = b"",
    env: dict[str, str] | None = None,
) -> list[bytes | None]:
    """Run Git commands at the same time; None for one that fails or takes too long.

    Args:
        project: where they run.
        commands: the words of each behind `git`.
        given: what they read.
        env: their environment; this process's own by default.
    """
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    try:
        running = [
            subprocess.Popen(
                ["git", *words], cwd=project, env=env, stderr=subprocess.DEVNULL, **pipes
            )
            for words in commands
        ]
    except OSError:  # no git
        return [None] * len(commands)
    deadline = time.monotonic() + TIMEOUT_SECONDS
    return [_output(process, given, deadline) for process in running]


def _output(process: "subprocess.Popen[bytes]", given: bytes, deadline: float) -> bytes | None:
    with process:
        try:
            output, _ = process.communicate(given, max(deadline - time.monotonic(), 0.01))
        except subprocess.TimeoutExpired:
            process.kill()
            return None
    return output if process.returncode == 0 else None
