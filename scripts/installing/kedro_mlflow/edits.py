"""Changes items of YAML mappings in the text of a file, and nothing else of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts.installing.kedro_mlflow.documents import Document, Item, Node

_SAFE = re.compile(r"[A-Za-z_][\w./@\-]*(?<![.@/\-])")
_WORDS = ("null", "true", "false", "yes", "no", "on", "off", "y", "n")

# A key, and the text of its value; None keeps the value that is there.
New = tuple[str, "str | None"]
_Edit = tuple[int, int, str]


class CannotEditError(Exception):
    """A change that can't be written safely; its text says why."""


def as_yaml(value: str) -> str:
    """Return the text of a value that is a string, in quotes where YAML needs them."""
    if _SAFE.fullmatch(value) and value.lower() not in _WORDS:
        return value
    return json.dumps(value, ensure_ascii=False)


@dataclass
class Edits:
    """What changes in a file.

    Args:
        document: the file.
    """

    document: Document
    _items: dict[int, tuple[Item, list[New]]] = field(default_factory=dict)
    _kept: set[int] = field(default_factory=set)
    _scalars: dict[int, tuple[Node, str]] = field(default_factory=dict)

    def change(self, item: Item, news: list[New]) -> bool:
        """Put others in the place of an item, or none.

        Returns:
            False where another entry that shares the item needs it otherwise.
        """
        number = item.key.number
        if number in self._kept or (number in self._items and self._items[number][1] != news):
            return False
        self._items[number] = (item, news)
        return True

    def keep(self, item: Item) -> bool:
        """Note that an entry needs an item as it is; False where another changes it."""
        self._kept.add(item.key.number)
        return item.key.number not in self._items

    def has_changed(self, item: Item) -> bool:
        """Whether an item gets others in its place."""
        return item.key.number in self._items

    def replace(self, scalar: Node, text: str) -> None:
        """Put another text in the place of a scalar."""
        self._scalars[scalar.number] = (scalar, text)

    @property
    def text(self) -> str:
        """The file's new text.

        Raises:
            CannotEditError: a change can't be written safely.
        """
        text = self.document.text
        for start, end, new in sorted(set(self._all()), reverse=True):
            text = text[:start] + new + text[end:]
        return text

    def _all(self) -> Iterator[_Edit]:
        for node, new in self._scalars.values():
            yield node.start, node.end, self._value(new)
        mappings = {item.mapping.number: item.mapping for item, _ in self._items.values()}
        for mapping in mappings.values():
            news = {key.number: self._items[key.number][1] for key in self._changed(mapping)}
            pairs = mapping.items
            if not mapping.flow and all(news.get(key.number) == [] for key, _ in pairs):
                yield pairs[0][0].begin, pairs[-1][1].end, "{}"
                continue
            for place, (key, value) in enumerate(pairs):
                if news.get(key.number) == []:
                    yield self._removal(mapping, place, news)
                elif key.number in news:
                    yield from self._replacement(mapping, key, value, news[key.number])

    def _changed(self, mapping: Node) -> list[Node]:
        return [key for key, _ in mapping.items if key.number in self._items]

    def _removal(self, mapping: Node, place: int, news: dict[int, list[New]]) -> _Edit:
        pairs = mapping.items
        key, value = pairs[place]
        if mapping.flow:
            later = pairs[place + 1 :]
            if any(news.get(other.number) != [] for other, _ in later):
                return key.begin, later[0][0].begin, ""
            return (pairs[place - 1][1].end if place else key.begin), value.end, ""
        text = self.document.text
        start = text.rfind("\n", 0, key.begin) + 1
        if text[start : key.begin].strip(" "):
            raise CannotEditError(f"line {key.line} holds more than one thing")
        end = value.end
        if text[end - 1 : end] != "\n":  # as a text in block style ends
            end = text.find("\n", end) + 1 or len(text)
        return start, end, ""

    def _replacement(
        self, mapping: Node, key: Node, value: Node, news: list[New]
    ) -> Iterator[_Edit]:
        (name, first), *more = news
        if first is None:
            if name != key.text:
                yield key.start, key.end, self._key(name)
        elif value.kind == "scalar" and name == key.text:
            yield value.start, value.end, self._value(first)
        else:
            yield key.begin, value.end, f"{self._key(name)}: {self._value(first)}"
        lines = [f"{self._key(name)}: {self._value(source or '')}" for name, source in more]
        if not lines:
            return
        if mapping.flow:
            yield value.end, value.end, "".join(f", {line}" for line in lines)
            return
        text = self.document.text
        indent = " " * key.column
        if text[value.end - 1 : value.end] == "\n":
            raise CannotEditError(f"line {key.line} begins a text of several lines")
        end = text.find("\n", value.end)
        newline = "\r\n" if "\r\n" in text else "\n"
        at = len(text) if end < 0 else end - (text[end - 1] == "\r")
        yield at, at, "".join(f"{newline}{indent}{line}" for line in lines)

    def _key(self, name: str) -> str:
        return json.dumps(name) if self._is_json else name

    def _value(self, source: str) -> str:
        if "\n" in source:
            raise CannotEditError("a value of several lines would have to be moved")
        is_bare = not source.startswith(('"', "'"))
        return json.dumps(source) if self._is_json and is_bare else source

    @property
    def _is_json(self) -> bool:
        return Path(self.document.path).suffix == ".json"

    def expected(self, node: Node | None = None) -> Any:
        """Return what the new text has to hold, in the form of `content`."""
        node = self.document.resolved(node or self.document.root)  # type: ignore[arg-type]
        if node.number in self._scalars:
            return ("text", self._scalars[node.number][1])
        if node.kind != "map":
            return content(self.document, node, self.expected)
        found: list[Any] = []
        for key, value in node.items:
            for name, source in self._items.get(key.number, (None, [(key.text, None)]))[1]:
                is_same = source is None
                found.append((name, self.expected(value) if is_same else _said(str(source))))
        return found


def content(document: Document, node: Node, inner: Any = None) -> Any:
    """Return what a tree holds, wherever it stands and however it is written."""
    node = document.resolved(node)
    inner = inner or (lambda part: content(document, part))
    if node.kind == "scalar":
        return ("text", node.text)
    if node.kind == "map":
        return [(key.text, inner(value)) for key, value in node.items]
    return ("list", [inner(part) for part in node.parts])


def _said(source: str) -> Any:
    if source.startswith('"'):
        return ("text", json.loads(source))
    return ("text", source[1:-1].replace("''", "'") if source.startswith("'") else source)
