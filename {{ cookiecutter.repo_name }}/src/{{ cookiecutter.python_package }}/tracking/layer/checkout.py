"""The owner's Git repository around a tracking folder: what is uncommitted, and index stages."""

from dataclasses import dataclass
from pathlib import Path

from .git import LayerError, git, try_git

ZERO = "0" * 40
Entry = tuple[str, str]  # mode and object, as Git writes them


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

    def unmerged(self) -> dict[str, dict[int, Entry]]:
        """Return what Git holds in stages 1, 2 and 3, by the path in the folder."""
        found: dict[str, dict[int, Entry]] = {}
        for line in self._run("ls-files", "--unmerged", "-z", "--", self.pathspec()).split("\0"):
            about, _, path = line.partition("\t")
            if about:
                mode, name, number = about.split(" ")
                found.setdefault(path[len(self.prefix) :], {})[int(number)] = (mode, name)
        return found

    def entries(self) -> dict[str, Entry]:
        """Return what the index holds of each path in the folder, unmerged ones left out."""
        found = {}
        for line in self._run("ls-files", "--stage", "-z", "--", self.pathspec()).split("\0"):
            about, _, path = line.partition("\t")
            if about and about.endswith(" 0"):
                mode, name, _ = about.split(" ")
                found[path[len(self.prefix) :]] = (mode, name)
        return found

    def add_blob(self, content: bytes) -> str:
        """Put a content into Git's object store; one that nothing refers to is harmless."""
        return git("hash-object", "-w", "--stdin", cwd=self.top, feed=content).decode().strip()

    def blob(self, name: str) -> bytes:
        """Return the content of an object."""
        return git("cat-file", "blob", name, cwd=self.top)

    def write_index(self, changes: dict[str, dict[int, Entry]]) -> None:
        """Replace the entries of paths in the folder, all at once.

        Args:
            changes: by path, the entry of each stage; none to take the path out of the index.
        """
        lines = []
        for path, stages in changes.items():
            lines.append(f"0 {ZERO}\t{self.prefix}{path}")  # a higher stage needs a free path
            for stage, (mode, name) in sorted(stages.items()):
                lines.append(f"{mode} {name} {stage}\t{self.prefix}{path}")
        feed = "".join(f"{line}\0" for line in lines).encode()
        git("update-index", "-z", "--index-info", cwd=self.top, feed=feed)

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
        raise LayerError(f"git rev-parse in {place}: {error.strip().splitlines()[-1]}")
    top, git_dir, _ = done.stdout.decode("utf8", "surrogateescape").splitlines()
    prefix = folder.resolve().relative_to(Path(top).resolve()).as_posix() + "/"
    found = Checkout(Path(top), Path(git_dir), prefix)
    # A folder that a repository ignores, as in a build folder, is not in its care.
    cared_for = git("ls-files", "-z", "--", found.pathspec(), cwd=found.top) or found.dirty()
    in_head = try_git("cat-file", "-e", f"HEAD:{prefix.rstrip('/')}", cwd=found.top)
    return found if cared_for or in_head.returncode == 0 else None
