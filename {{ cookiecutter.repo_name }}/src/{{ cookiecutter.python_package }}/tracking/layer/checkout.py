"""The owner's Git repository around a tracking folder: what is uncommitted, and index stages."""

from dataclasses import dataclass
from pathlib import Path

from ..manifest import layer_files
from .git import LayerError, git, reason_of, try_git

ZERO = "0" * 40
Entry = tuple[str, str]  # mode and object, as Git writes them
Stages = dict[int, Entry]  # by number; 0 alone where there is no conflict


@dataclass(frozen=True)
class Checkout:
    """A working copy that holds the tracking folder, with its files committed.

    Args:
        top: its top folder, where Git runs.
        git_dir: where Git keeps what belongs to this working copy.
        prefix: the tracking folder's path in it, with a slash at the end.
    """

    top: Path
    git_dir: Path
    prefix: str

    def dirty(self) -> list[str]:
        """Return the paths in the folder that are changed, untracked or unmerged."""
        words = (
            "--porcelain",
            "-z",
            "--no-renames",
            "--untracked-files=all",
            "--",
            self.pathspec(),
        )
        listed = self._run("status", *words)
        return [line[3:] for line in listed.split("\0") if line]

    def index(self) -> dict[str, Stages]:
        """Return what the index holds, by the path in the folder."""
        found: dict[str, Stages] = {}
        for line in self._run("ls-files", "--stage", "-z", "--", self.pathspec()).split("\0"):
            about, _, path = line.partition("\t")
            if about:
                mode, name, number = about.split(" ")
                found.setdefault(path[len(self.prefix) :], {})[int(number)] = (mode, name)
        return found

    def unmerged(self) -> dict[str, Stages]:
        """Return what Git holds in stages 1, 2 and 3, by the path in the folder."""
        return {path: stages for path, stages in self.index().items() if 0 not in stages}

    def untracked(self) -> list[str]:
        """Return the paths that Git does not keep, ignored ones too, but for compiled files."""
        words = ("--others", "-z", "--exclude=__pycache__/", "--exclude=*.py[co]")
        listed = self._run("ls-files", *words, "--", self.pathspec())
        return [path[len(self.prefix) :] for path in listed.split("\0") if path]

    def add_blob(self, content: bytes, path: str | None = None) -> str:
        """Put a content into Git's object store; one that nothing refers to is harmless.

        Args:
            content: the content.
            path: of a file in the folder, to store it as `git add` would: line ends and filters.
        """
        how = () if path is None else (f"--path={self.prefix}{path}",)
        words = ("hash-object", "-w", "--stdin", *how)
        return git(*words, cwd=self.top, feed=content).decode().strip()

    def blob(self, name: str) -> bytes:
        """Return the content of an object."""
        return git("cat-file", "blob", name, cwd=self.top)

    def committed(self, commit: str) -> dict[str, str]:
        """Return the objects of the folder's files in a commit, by path; none where it has none."""
        tree = f"{commit}:{self.prefix.rstrip('/')}"
        if try_git("cat-file", "-e", tree, cwd=self.top).returncode != 0:
            return {}
        lines = [line.partition("\t") for line in self._run("ls-tree", "-rz", tree).split("\0")]
        words = {path: about.split(" ") for about, _, path in lines if path}
        return {path: name for path, (_, kind, name) in words.items() if kind == "blob"}

    def last_with_files(self) -> str | None:
        """Return the last commit, abbreviated, that has the folder; None if none can be found."""
        last = try_git("rev-list", "-1", "HEAD", "--", self.pathspec(), cwd=self.top)
        for commit in ("HEAD", last.stdout.decode().strip() + "^"):
            if self.committed(commit):
                return self._run("rev-parse", "--short", commit).strip()
        return None

    def write_index(self, changes: dict[str, Stages]) -> None:
        """Replace the entries of paths in the folder, all at once.

        Args:
            changes: by path, the entry of each stage; none to take the path out of the index.
        """
        # First all are taken out: a higher stage needs a free path, a folder one without a file.
        lines = [f"0 {ZERO}\t{self.prefix}{path}" for path in changes]
        for path, stages in changes.items():
            for stage, (mode, name) in sorted(stages.items()):
                lines.append(f"{mode} {name} {stage}\t{self.prefix}{path}")
        feed = "".join(f"{line}\0" for line in lines).encode("utf8", "surrogateescape")
        git("update-index", "-z", "--index-info", cwd=self.top, feed=feed)

    def keeps_modes(self) -> bool:
        """Whether Git takes from the disk who may run a file; if not, it leaves what it has."""
        words = ("config", "--type=bool", "core.fileMode")
        return try_git(*words, cwd=self.top).stdout.strip() != b"false"

    def busy_with(self) -> str | None:
        """Return what the owner has begun in the repository and not ended, say `merge`."""
        marks = {
            "merge": "MERGE_HEAD",
            "rebase": "rebase-merge",
            "rebase or am": "rebase-apply",
            "cherry-pick": "CHERRY_PICK_HEAD",
            "revert": "REVERT_HEAD",
        }
        return next((name for name, mark in marks.items() if (self.git_dir / mark).exists()), None)

    def pathspec(self) -> str:
        """Return what names the folder to Git, whatever signs its path has."""
        return f":(top,literal){self.prefix.rstrip('/')}"

    def _run(self, *words: str) -> str:
        return git(*words, cwd=self.top).decode("utf8", "surrogateescape")


def checkout_of(folder: Path) -> Checkout | None:
    """Return the working copy of a tracking folder; None where Git does not keep its files.

    Raises:
        LayerError: there is a repository, and Git refuses to work in it.
    """
    place = next((p for p in (folder, *folder.parents) if p.is_dir()), folder)
    words = ("rev-parse", "--show-toplevel", "--absolute-git-dir", "--is-inside-work-tree")
    done = try_git(*words, cwd=place)
    if done.returncode != 0:
        error = done.stderr.decode("utf8", "replace")
        if "not a git repository" in error or "must be run in a work tree" in error:
            return None
        advice = " ".join(error.partition("\n")[2].split())
        raise LayerError(
            f"git rev-parse in {place}: {reason_of(done.stderr)}. {advice}".rstrip(". ")
        )
    top, git_dir, _ = done.stdout.decode("utf8", "surrogateescape").splitlines()
    prefix = folder.resolve().relative_to(Path(top).resolve()).as_posix() + "/"
    found = Checkout(Path(top), Path(git_dir), prefix)
    # A folder that a repository ignores, as in a build folder, is not in its care.
    cared_for = git("ls-files", "-z", "--", found.pathspec(), cwd=found.top) or found.dirty()
    is_gone = not cared_for and not layer_files(folder)
    return found if cared_for or (is_gone and found.last_with_files()) else None
