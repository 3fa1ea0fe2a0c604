"""The project's code as a worker has imported it: one that runs on keeps it, whatever is edited."""

import hashlib
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from ..logs import PlainLogger
from ..manifest import plain
from .dask_cluster import caller

logger = PlainLogger(__name__)

_PACKAGE = __name__.rpartition(".engines.")[0].rpartition(".")[0]
_MAX_NAMED = 3


class _Imported:
    """The digests of a package's modules, each of when it was imported first here."""

    def __init__(self) -> None:
        self._digests: dict[str, tuple[Any, str]] = {}
        self._count = 0

    def note(self) -> None:
        """Note what was imported since, before anybody edits it."""
        if len(sys.modules) == self._count:
            return
        modules = dict(sys.modules)
        self._count = len(modules)
        for name, module in modules.items():
            if name != _PACKAGE and not name.startswith(f"{_PACKAGE}."):
                continue
            spec, file = getattr(module, "__spec__", None), getattr(module, "__file__", None)
            # A module that was reloaded has another one.
            if file and (file not in self._digests or self._digests[file][0] is not spec):
                digest = _digest(Path(file))
                if digest is not None:
                    self._digests[file] = spec, digest

    def digest(self, path: Path) -> str | None:
        """Return that of a file: as it was imported, or else as it is."""
        found = self._digests.get(str(path))
        return _digest(path) if found is None else found[1]


_imported = _Imported()


def note_imported() -> None:
    """Note which code of the project this process has imported by now."""
    _imported.note()


def code_here() -> dict[str, str]:
    """Return the digest of each source file of the project's package, by its path in that."""
    _imported.note()
    root = Path(str(import_module(_PACKAGE).__file__)).parent
    files = {path.relative_to(root).as_posix(): path for path in root.rglob("*.py")}
    found = {name: _imported.digest(path) for name, path in files.items()}
    return {name: digest for name, digest in found.items() if digest is not None}


def other_here(theirs: Mapping[str, str]) -> list[str]:
    """Return the files whose code is another one in this process, sorted.

    Args:
        theirs: as `code_here` returns it in the process of the run.
    """
    mine = code_here()
    return sorted(name for name, digest in theirs.items() if mine.get(name) != digest)


def tell_of_other_code(client: Any, workers: Sequence[str] | None = None) -> None:
    """Ask workers for their code, and tell of those that have another one; never raises.

    Args:
        client: of the cluster; one that was started for the run has the run's own code.
        workers: their addresses; None for all.
    """
    if client.cluster is not None:
        return
    try:
        asked = caller(), __name__, "other_here", code_here()
        answers = client.run(*asked, workers=workers, on_error="return")
    except Exception:  # as where the scheduler is lost, which the run tells
        logger.debug("The workers do not tell their code.", exc_info=True)
        return
    # One whose layer is older than this module can't say more.
    found = {
        address: ["tracking"] if isinstance(answer, ImportError | AttributeError) else answer
        for address, answer in answers.items()
    }
    other = {address: files for address, files in found.items() if files and type(files) is list}
    files = sorted({name for names in other.values() for name in names})
    if not files:
        return
    more = f" and {len(files) - _MAX_NAMED} more" if len(files) > _MAX_NAMED else ""
    logger.warning(
        "%d of %d Dask workers (%s) run other code than this process has in %s%s: a worker keeps "
        "what it has imported; restart it, and where it has no such file bring it there first.",
        len(other),
        len(answers),
        ", ".join(sorted(other)),
        ", ".join(files[:_MAX_NAMED]),
        more,
    )


def _digest(path: Path) -> str | None:
    try:
        return hashlib.blake2b(plain(path.read_bytes()), digest_size=8).hexdigest()
    except OSError:
        return None
