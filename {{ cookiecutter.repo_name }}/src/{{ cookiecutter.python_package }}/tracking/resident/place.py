"""Where residents listen, and what the name of the right one is made of.

A socket's name is `<family>-<version>`. A family is what a user has beside each other and keeps: an
interpreter, a project's layer, a kind of store, and what a process has from the one that starts it
(limits, groups, niceness, control group, some variables). A version is what changes under it: the
layer's code, and the installed packages; a resident of another version of the same family is out
of date.
"""

import hashlib
import os
import stat
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..manifest import MANIFEST, layer_files
from ..settings import sqlite_path

# unix(7): `sun_path` has 108 bytes, the last one of which is zero.
MAX_PATH = 107
FOLDER = "kedro-mlflow"
SUFFIX = ".sock"
# What a fork calls itself, whose command line is its resident's; see proc_pid_comm(5).
COMM = "exporter"
SQL, SERVER = "sql", "server"

LAYER = Path(__file__).resolve().parents[1]
# What a process reads when it starts, or MLflow when it is imported: a fork can't change it.
_AT_START = ("HOME", "LANG", "MLFLOW_CONFIGURE_LOGGING", "MLFLOW_LOGGING_LEVEL", "OPENSSL_CONF")
_AT_START_PREFIXES = ("DYLD_", "LC_", "LD_", "PYTHON")
# Rights, groups, and what a new file may be read by.
_OF_STATUS = ("Cap", "Gid", "Groups", "NoNewPrivs", "Uid", "Umask")
# Of these, what an exporter does not depend on: sweeps set them anew for each run.
_NO_MATTER = ("PYTHONDONTWRITEBYTECODE", "PYTHONHASHSEED", "PYTHONSTARTUP", "PYTHONUNBUFFERED")


@dataclass(frozen=True)
class Place:
    """A resident's socket: its folder, its family, and its version."""

    folder: Path
    family: str
    version: str

    @property
    def socket(self) -> Path:
        """The socket's path."""
        return self.folder / f"{self.family}-{self.version}{SUFFIX}"


def place_for(uri: str, environ: Mapping[str, str]) -> Place | None:
    """Return where the resident for a store listens; None where a socket can have no place.

    Args:
        uri: tracking URI.
        environ: the environment that an exporter is given.
    """
    folder = own_folder()
    if folder is None:
        return None
    try:
        here = _inherited()
    except OSError:
        return None
    variables = sorted(at_start(environ).items())
    family = (here, sys.executable, sys.version, str(LAYER), kind_of(uri), variables)
    place = Place(folder, _digest(family), _digest((_code(), _packages())))
    return place if len(os.fsencode(place.socket)) <= MAX_PATH else None


def _inherited() -> list[object]:
    """Return what a process has from the one that started it, and a fork of another one has not.

    Namespaces too: another container may have the same folder for temporary files.
    """
    import resource  # no Windows has it

    status = Path("/proc/self/status").read_text("utf-8", "replace").splitlines()
    names = [name for name in dir(resource) if name.startswith("RLIMIT_")]
    return [
        *(os.readlink(f"/proc/self/ns/{kind}") for kind in ("mnt", "net", "pid", "user", "uts")),
        os.uname().nodename,
        Path("/proc/self/cgroup").read_text("utf-8", "replace"),
        Path("/proc/self/oom_score_adj").read_text("ascii"),
        [line for line in status if line.startswith(_OF_STATUS)],
        [resource.getrlimit(getattr(resource, name)) for name in names],
        os.nice(0),
    ]


def kind_of(uri: str) -> str:
    """Return which imports a store needs: those of a database, or of a server."""
    is_sql = sqlite_path(uri) is not None or uri.startswith(("mysql", "postgresql", "mssql"))
    return SQL if is_sql else SERVER


def at_start(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that a resident is started with; no others, for they may be secret."""
    return {
        name: value
        for name, value in environ.items()
        if (name in _AT_START or name.startswith(_AT_START_PREFIXES)) and name not in _NO_MATTER
    }


def own_folder() -> Path | None:
    """Return the folder of this user's sockets, made if need be; None where there can't be one."""
    folders = (folder for folder in _folders() if len(os.fsencode(folder)) < MAX_PATH - 40)
    return next((folder for folder in folders if _is_made(folder)), None)


def is_own(folder: Path) -> bool:
    """Whether a folder is this user's, and nobody else can open what it holds."""
    try:
        info = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(info.st_mode) and info.st_uid == os.geteuid() and not info.st_mode & 0o077


def _folders() -> Iterator[Path]:
    given = os.environ.get("XDG_RUNTIME_DIR", "")
    if os.path.isabs(given) and _is_users(Path(given)):
        yield Path(given) / FOLDER
    with suppress(OSError):  # in a container whose file system is read-only there may be none
        yield Path(tempfile.gettempdir()).absolute() / f"{FOLDER}-{os.geteuid()}"


def _is_users(folder: Path) -> bool:
    """Whether a folder belongs to this user: `sudo` keeps the variable of whoever called it."""
    try:
        return folder.stat().st_uid == os.geteuid()
    except OSError:
        return False


def _is_made(folder: Path) -> bool:
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError:
        return False
    return is_own(folder)


def _code() -> list[tuple[str, int, int]]:
    """Return of each file of the layer its path, its size and when it was written."""
    found = []
    for name in (*layer_files(LAYER), MANIFEST, os.path.join("..", "__init__.py")):
        with suppress(OSError):  # a link that leads nowhere, a project without one
            info = os.stat(os.path.join(LAYER, name))
            found.append((name, info.st_size, info.st_mtime_ns))
    return found


def _packages() -> list[tuple[str, int]]:
    """Return of each folder of installed packages when its list was last changed."""
    found = []
    for entry in dict.fromkeys(sys.path):
        if Path(entry).name in ("site-packages", "dist-packages"):
            with suppress(OSError):  # Python skips it too
                found.append((entry, os.stat(entry).st_mtime_ns))
    return found


def _digest(content: object) -> str:
    return hashlib.sha256(repr(content).encode("utf-8", "surrogateescape")).hexdigest()[:16]
