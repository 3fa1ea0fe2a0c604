"""Masks secrets in copies of text files: configuration, logs and patches, by their names' kind."""

import re
import shutil
from collections.abc import Iterable
from pathlib import Path, PurePath
from typing import Any

from .redact import all_secrets, is_secret, mask_known, redact_text, redact_value
from .redact_shapes import MASK

_YAML = frozenset({".yml", ".yaml"})
_INI = frozenset({".ini", ".cfg", ".conf", ".env", ".properties", ".toml"})
_PATCH = frozenset({".patch", ".diff"})
_TEXT = frozenset({".txt", ".log", ".md", ".out", ".err"})
KINDS = _YAML | _INI | _PATCH | _TEXT | {".json"}
# YAML above that is not parsed: it would hold up the run.
_MAX_PARSED = 1_000_000
# A file is read in parts of this many bytes that end with a line.
_PART = 4_000_000

_SECTION = re.compile(r"(?m)^(?=diff --git )")
PATCH_NAME = re.compile(r"diff --git (?:.* )?\"?b/(?P<name>.*?)\"?$", re.MULTILINE)
_BINARY = re.compile(r"(?m)^GIT binary patch$")
_INI_LINE = re.compile(
    r"(?m)^(?P<lead>[ \t#;+\-]*(?:export )?)(?P<name>[A-Za-z_][\w.\-]*)(?P<mark>[ \t]*[=:][ \t]*)"
    r"(?P<value>[^\s\"'\[{$*].*?)[ \t\r]*$"
)
# `name:` with nothing behind, or the mark of a block of text: its value is what is indented below.
_OPENING = re.compile(
    r"^(?P<edge>[+\- ]?)(?P<lead>[ \t]*(?:- )*)[\"']?(?P<name>[A-Za-z_][\w.\-]*)[\"']?:"
    r"[ \t]*(?:[|>][+\-\d]*|&\w+)?[ \t]*(?:#.*)?\r?$"
)
_INNER = re.compile(
    r"^(?P<lead>[+\- ]?[ \t]*(?:- )*(?P<name>[\w.\-\"']+:[ \t]+)?)(?P<value>[^\s#].*?)(?P<end>\r?)$"
)
# YAML takes a bare `***` for an alias.
_BARE_MASK = re.compile(
    r"(?m)^(?P<head>[+\- ]?[ \t]*(?:- )*(?:[\w.\-\"']+:[ \t]+|- ))(?P<value>[^\s\"'\[{|>#][^\n#]*?)"
    r"(?P<end>[ \t]*(?:#.*)?\r?)$"
)
# Where `credentials:` is Kedro's: it names an entry of `credentials.yml`, and is none itself.
_OF_KEDRO = re.compile(r"(?:.*/)?(?:catalog[^/]*(?:/.*)?|mlflow)\.ya?ml")
_REFERENCE = re.compile(
    r"(?P<head>\bcredentials:[ \t]*)(?P<quote>[\"']?)[A-Za-z_][\w.\-]{0,80}(?P=quote)"
)
_FLOW_MASK = re.compile(r"(?<![\w'\"*])\*\*\*(?=[ \t]*[,}\]])")


def sections(patch: str) -> list[str]:
    """Return the parts of a patch, each of which changes one file."""
    return _SECTION.split(patch)


def masks_files_named(name: str) -> bool:
    """Whether a file of this name is of a kind that is masked: a configuration, log or patch."""
    return _suffix(name) in KINDS


def redact_document(text: str, name: str, secrets: Iterable[str] = ()) -> str:
    """Mask the secrets in the text of a file; it keeps its format.

    Args:
        text: the text.
        name: the file's name, whose ending says which format it has.
        secrets: values that are masked wherever they occur.
    """
    secrets = tuple(secrets)
    suffix = _suffix(name)
    if suffix in _PATCH:
        return "".join(_redact_section(part, secrets) for part in sections(text))
    if suffix in _TEXT:
        return redact_text(text, secrets)
    if suffix in _YAML:
        masked = _redact_yaml(text, secrets, name)
        if masked == text or len(text) > _MAX_PARSED or _parsed(masked) is not None:
            return masked
        return _redact_parsed(text, secrets) or masked
    if suffix in _INI:
        return redact_text(_INI_LINE.sub(_mask_line, text), secrets, is_code=True)
    return redact_text(text, secrets, is_code=True)


def _redact_yaml(text: str, secrets: tuple[str, ...], name: str) -> str:
    masked = _mask_below_names(redact_text(text, secrets))
    if masked == text:
        return text
    if _OF_KEDRO.fullmatch(name):
        masked = _with_references(mask_known(text, secrets), masked)
    return _FLOW_MASK.sub(f"'{MASK}'", _BARE_MASK.sub(_quoted_mask, masked))


def _with_references(text: str, masked: str) -> str:
    """Take back what was masked only for it names an entry of `credentials.yml`."""
    lines = zip(text.split("\n"), masked.split("\n"), strict=False)
    return "\n".join(new if old == new else _with_reference(old, new) for old, new in lines)


def _with_reference(old: str, new: str) -> str:
    body, mark, comment = re.split(r"([ \t]+#|$)", old, maxsplit=1)
    comment = mark + redact_text(comment)
    wanted = _REFERENCE.sub(rf"\g<head>{MASK}", body)
    bare = new.replace(f"'{MASK}'", MASK).replace(f'"{MASK}"', MASK)
    # The mask of a line takes its comment along.
    return body + comment if bare in (wanted, wanted + comment) else new


def _parsed(text: str) -> list[Any] | None:
    """Return what a text in YAML holds, in a list of one; None where it is no YAML."""
    import yaml

    try:
        # What libyaml's C code makes is the same, and ten times as fast.
        return [yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))]  # noqa: S506
    except Exception:  # whatever a parser raises
        return None


def _redact_parsed(text: str, secrets: tuple[str, ...]) -> str | None:
    """Write YAML anew that the masks in its text would break, say by an anchor that went."""
    import yaml

    found = _parsed(text)
    if found is None:
        return None
    try:
        clean = _without(redact_value(found[0], "", secrets), all_secrets(found[0]))
        return str(yaml.safe_dump(clean, allow_unicode=True, sort_keys=False))
    except (yaml.YAMLError, RecursionError):  # it contains itself
        return None


def _without(value: Any, secrets: frozenset[str]) -> Any:
    """Mask what is equal to a secret, which an alias put under another name."""
    if isinstance(value, dict):
        return {key: _without(item, secrets) for key, item in value.items()}
    if isinstance(value, list):
        return [_without(item, secrets) for item in value]
    return MASK if not isinstance(value, bool) and str(value) in secrets else value


def redact_file(path: Path, secrets: Iterable[str], by_names: bool = True) -> bytes | None:
    """Return what a text file holds with its secrets masked; None if there are none in it.

    Args:
        path: the file.
        secrets: values that are masked wherever they occur.
        by_names: mask also what has the name of a secret. Data may have such names by chance.

    Raises:
        OSError: it can't be read.
    """
    if not masks_files_named(path.name):
        return None
    secrets = tuple(secrets)
    parts, is_changed = [], False
    with path.open("rb") as file:
        while part := file.read(_PART) + file.readline():
            # Other bytes than those of UTF-8 stay as they are.
            text = part.decode("utf-8", "surrogateescape")
            masked = (
                redact_document(text, path.name, secrets) if by_names else mask_known(text, secrets)
            )
            is_changed = is_changed or masked != text
            parts.append(masked.encode("utf-8", "surrogateescape"))
    return b"".join(parts) if is_changed else None


def mask_copy(copy: Path, secrets: Iterable[str] = (), by_names: bool = True) -> list[str]:
    """Mask the secrets in a copy of a file or folder; returns the names of the masked files.

    Args:
        copy: the copy, which is changed.
        secrets: values that are masked wherever they occur.
        by_names: as `redact_file` has it.

    Raises:
        OSError: it can't be read or written.
    """
    names = []
    for path in sorted(copy.rglob("*")) if copy.is_dir() else [copy]:
        masked = redact_file(path, secrets, by_names) if path.is_file() else None
        if masked is not None:
            path.write_bytes(masked)
            names.append(path.relative_to(copy.parent).as_posix())
    return names


def mask_names(copy: Path, secrets: Iterable[str]) -> list[str]:
    """Mask the secrets in the names inside a copy of a folder; returns the masked names.

    Args:
        copy: the copy, which is changed.
        secrets: values that are masked wherever they occur.

    Raises:
        OSError: it can't be written.
    """
    secrets = tuple(secrets)
    found = {path: path.relative_to(copy).as_posix() for path in sorted(copy.rglob("*"))}
    masked = {path: mask_known(name, secrets) for path, name in found.items()}
    changed = [path for path, name in found.items() if masked[path] != name]
    names = []
    for path in changed:
        if not path.is_dir():
            wanted = place = copy / masked[path]
            number = 1
            while place.exists():  # two names that become one
                number += 1
                place = wanted.with_stem(f"{wanted.stem}-{number}")
            place.parent.mkdir(parents=True, exist_ok=True)
            path.rename(place)
            names.append(place.relative_to(copy.parent).as_posix())
    for path in changed:
        shutil.rmtree(path, ignore_errors=True)  # a folder that is empty now
    return names


def _suffix(name: str) -> str:
    path = PurePath(name)
    return ".env" if path.name.startswith(".env") else path.suffix.lower()


def _redact_section(section: str, secrets: tuple[str, ...]) -> str:
    """Mask the part of a patch that changes one file, as a file of its kind."""
    found = PATCH_NAME.match(section)
    if _BINARY.search(section):
        return section
    name = found["name"] if found is not None else "patch.txt"
    if _suffix(name) in _YAML:
        return _redact_yaml(section, secrets, name)
    if _suffix(name) in KINDS - _PATCH:
        return redact_document(section, name, secrets)
    return redact_text(section, secrets, is_code=True)


def _mask_line(found: "re.Match[str]") -> str:
    if not is_secret(found["name"], found["value"]) or found["value"].startswith(MASK):
        return found[0]
    return f"{found['lead']}{found['name']}{found['mark']}{MASK}"


def _quoted_mask(found: "re.Match[str]") -> str:
    if MASK not in found["value"] or not found["value"].startswith(MASK):
        return found[0]
    return f"{found['head']}'{found['value'].replace(chr(39), chr(39) * 2)}'{found['end']}"


def _mask_below_names(text: str) -> str:
    """Mask in YAML what is indented below a name that looks secret: blocks, lists and mappings."""
    lines = text.split("\n")
    depth: int | None = None
    for number, line in enumerate(lines):
        edge = line[:1] if line[:1] in "+-" and not line.startswith("- ") else ""
        body = line[len(edge) :]
        if not body.strip():
            continue
        indent = len(body) - len(body.lstrip(" \t"))
        if depth is not None and (
            indent > depth or (indent == depth and body.lstrip().startswith("- "))
        ):
            lines[number] = edge + _mask_inner(body)
            continue
        found = _OPENING.match(body)
        depth = indent if found is not None and is_secret(found["name"], "") else None
    return "\n".join(lines)


def _mask_inner(line: str) -> str:
    found = _INNER.match(line)
    if found is None or found["value"].rstrip().endswith(":"):
        return line
    return f"{found['lead']}'{MASK}'{found['end']}"
