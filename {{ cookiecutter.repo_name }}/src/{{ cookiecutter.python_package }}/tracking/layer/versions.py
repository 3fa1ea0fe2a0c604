"""Versions of the layer: their order, and what the changelog says between two of them."""

import re
from collections.abc import Iterable

Key = tuple[tuple[int, ...], int, str]
_VERSION = re.compile(r"v?(\d+(?:\.\d+)*)(?:[-.]?((?:a|b|rc|alpha|beta|dev|pre).*))?$")
_HEADING = re.compile(r"##\s+\[?v?(\d[\w.-]*)\]?")


def version_key(text: str) -> Key | None:
    """Return what a version or tag is ordered by; None if it is neither.

    Example:
        >>> version_key("v0.2.0rc1") < version_key("0.2.0")
        True
    """
    found = _VERSION.match(text)
    if found is None:
        return None
    numbers = [int(part) for part in found[1].split(".")]
    while numbers and numbers[-1] == 0:  # 0.2 is 0.2.0
        numbers.pop()
    return tuple(numbers), int(found[2] is None), found[2] or ""


def is_older(first: str, second: str) -> bool:
    """Whether the first version is older; False where one of them has no order."""
    one, two = version_key(first), version_key(second)
    return one is not None and two is not None and one < two


def newest(tags: Iterable[str]) -> str | None:
    """Return the newest release among tags; pre-releases must be asked for by name."""
    keys = {tag: version_key(tag) for tag in tags}
    releases = {tag: key for tag, key in keys.items() if key is not None and key[1] == 1}
    return max(releases, key=lambda tag: releases[tag], default=None)


def newest_first(tags: Iterable[str]) -> list[str]:
    """Return the versions among tags, the newest first."""
    keys = {tag: key for tag in tags if (key := version_key(tag)) is not None}
    return sorted(keys, key=lambda tag: keys[tag], reverse=True)


def spellings(version: str) -> tuple[str, str]:
    """Return a version as it was given, then with or without the `v` that tags may have."""
    return version, version[1:] if version.startswith("v") else f"v{version}"


def changelog_between(text: str, base: str | None, target: str) -> str:
    """Return the entries of a changelog after one version, up to another one.

    Args:
        text: the changelog, one `## <version>` heading an entry.
        base: the version before; None for the target's entry only.
        target: the version after; its own entry counts, also where both are the same.
    """
    entries: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        heading = _HEADING.match(line)
        if heading:
            entries.append((heading[1], []))
        if entries:
            entries[-1][1].append(line)
    wanted = [
        "\n".join(lines).strip()
        for version, lines in entries
        if version_key(version) == version_key(target)
        or (base is not None and is_older(base, version) and is_older(version, target))
    ]
    return "\n\n".join(wanted)
