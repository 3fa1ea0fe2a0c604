"""Files of the project's configuration, as they were in force in a run."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from ..journal.events import as_text
from ..recording.recorder import Recorder
from ..recording.repeat_command import configuration_source
from ..redact import mask_known, redact_text, redact_value

PARAMETERS = "parameters"


class ConfigInForce:
    """Finds what a run that begins in this thread used of the project's configuration.

    Args:
        project: the project's folder.
        recorder: records the run.
    """

    def __init__(self, project: Path, recorder: Recorder) -> None:
        from kedro.framework.project import settings

        self._project = project
        self._recorder = recorder
        self._own = project / str(settings.CONF_SOURCE)
        self._source = configuration_source()
        self._folder: Path | None = project / self._source if self._source else self._own
        if self._source and ("://" in self._source or not self._folder.is_dir()):
            self._folder = None  # an archive or an address: files there have no path

    def files(self, names: Iterable[str]) -> list[Path]:
        """Return where files and folders lay that the run used, but for those of parameters.

        Args:
            names: their paths, relative to the project.
        """
        found = []
        for name in names:
            if self._holds_parameters(name):
                continue
            path = self._place_of(name)
            if path is not None:
                found.append(path)
            else:
                self._recorder.warn(
                    name,
                    f"{name!r} is not recorded: the configuration of this run came from "
                    f"{self._source}; name that in filepaths_before_pipeline_run, or give a folder",
                )
        return found

    def files_of_parameters(self, names: Iterable[str], catalog: Any) -> list[Path]:
        """Return the files of parameters among others if they say what the run uses.

        Else that is recorded as `parameters.yml`, and there are none to record.

        Args:
            names: their paths, relative to the project.
            catalog: the run's, whose parameters are those of all environments and of `--params`.
        """
        named = [name for name in dict.fromkeys(names) if self._holds_parameters(name)]
        if not named:
            return []
        found = [path for name in named if (path := self._place_of(name)) is not None]
        used = catalog.get(PARAMETERS).load() if PARAMETERS in catalog else {}
        if _content(found, _read_fast) == used or _content(found, _read_as_kedro) == used:
            return found
        plain, secrets = _plain(used), self._recorder.secrets
        # The values and not the text, of which a mask might leave no YAML.
        clean = _as_yaml(redact_value(_plain(used, secrets), "", secrets), secrets)
        name = f"{PARAMETERS}.yml"
        self._recorder.log_text(_as_yaml(plain), name, is_users=True, masked=clean)
        return []

    def _place_of(self, name: str) -> Path | None:
        path = self._project / name
        if not path.is_relative_to(self._own):
            return path
        return self._folder and self._folder / path.relative_to(self._own)

    def _holds_parameters(self, name: str) -> bool:
        """Whether Kedro looks for parameters at a path: in any folder of an environment."""
        path = self._project / name
        if not path.is_relative_to(self._own):
            return False
        return any(part.startswith(PARAMETERS) for part in path.relative_to(self._own).parts[1:])


def _content(files: Iterable[Path], read: Callable[[Path], Any]) -> dict[Any, Any] | None:
    """Return what files of parameters say together; None if they can't be read."""
    found: dict[Any, Any] = {}
    try:
        for file in files:
            for path in sorted(file.rglob("*")) if file.is_dir() else [file]:
                if path.is_file() and path.suffix in (".yml", ".yaml", ".json"):
                    found.update(read(path))
    except Exception:  # whatever a parser raises
        return None
    return found


def _read_fast(path: Path) -> Any:
    """Read a file by libyaml, where it is installed; a number such as `1e-3` is a text to it."""
    import yaml

    with path.open("rb") as file:
        return yaml.load(file, Loader=yaml.CSafeLoader)  # noqa: S506  a safe loader


def _read_as_kedro(path: Path) -> Any:
    """Read a file with Kedro's own rules for numbers and dates, which takes 10 ms."""
    from omegaconf import OmegaConf

    return OmegaConf.to_container(OmegaConf.load(path))


def _as_yaml(parameters: Any, secrets: tuple[str, ...] | None = None) -> str:
    """Write parameters as YAML; with secrets masked in what YAML has no word for, if given."""
    import yaml

    def text_of(value: object) -> str:
        return as_text(value) if secrets is None else redact_text(as_text(value), secrets)

    # Writes what YAML has no word for as text, and what stands twice as two.
    dumper: Any = type("Dumper", (yaml.SafeDumper,), {"ignore_aliases": lambda *_: True})
    dumper.add_multi_representer(object, lambda one, value: one.represent_str(text_of(value)))
    # Sorted: Kedro reads several files at once, and hands their keys on as it has them.
    return str(yaml.dump(parameters, Dumper=dumper, allow_unicode=True))


def _plain(value: Any, secrets: tuple[str, ...] = ()) -> Any:
    """Return a parameter as YAML has it: Kedro hands a typed one over as a model.

    Args:
        value: the parameter.
        secrets: what is masked in names.
    """
    if hasattr(value, "model_dump"):
        value = value.model_dump()
    elif hasattr(value, "__dataclass_fields__"):
        value = vars(value)
    if isinstance(value, Mapping):
        return {
            mask_known(key, secrets) if isinstance(key, str) else key: _plain(item, secrets)
            for key, item in value.items()
        }
    return [_plain(item, secrets) for item in value] if isinstance(value, list | tuple) else value
