"""Prints what stands where in YAML files; run by the project's own interpreter, which has PyYAML.

Reads a JSON object of names and texts on stdin. It is no module of this package: it imports nothing
of it, for that interpreter does not know it.
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any

import yaml

_PROPERTIES = re.compile(r"(?:[&!]\S*\s+)+")


class _Reader:
    """Makes a tree of the events of a text; a node is told by its number."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.events = yaml.parse(text, Loader=yaml.SafeLoader)
        self.anchors: dict[str, int] = {}
        self.count = 0

    def root(self) -> dict[str, Any] | None:
        for event in self.events:
            if isinstance(event, yaml.NodeEvent):
                tree = self._node(event)
                for _ in self.events:  # what follows may be no YAML
                    pass
                return tree
        return None

    def _node(self, event: Any) -> dict[str, Any]:
        self.count += 1
        begin = start = event.start_mark.index
        properties = _PROPERTIES.match(self.text, begin)
        is_alias = isinstance(event, yaml.AliasEvent)
        if properties and not is_alias and (event.anchor or event.tag):
            start = properties.end()
        node: dict[str, Any] = {
            "number": self.count,
            "begin": begin,
            "start": start,
            "end": event.end_mark.index,
            "line": event.start_mark.line + 1,
            "column": event.start_mark.column,
        }
        if is_alias:
            if event.anchor not in self.anchors:
                problem = f"there is no anchor {event.anchor!r}"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)
            return {**node, "kind": "alias", "target": self.anchors[event.anchor]}
        if event.anchor:
            self.anchors[event.anchor] = self.count
        if isinstance(event, yaml.ScalarEvent):
            return {**node, "kind": "scalar", "text": event.value, "plain": event.style is None}
        parts = []
        for inner in self.events:
            if isinstance(inner, yaml.CollectionEndEvent):
                break
            parts.append(self._node(inner))
        # The end of a collection in block style is where the next thing begins.
        end = inner.end_mark.index if event.flow_style else parts[-1]["end"] if parts else start
        kind = "map" if isinstance(event, yaml.MappingStartEvent) else "seq"
        return {**node, "kind": kind, "end": end, "flow": event.flow_style, "parts": parts}


def read(text: str) -> dict[str, Any]:
    """Return the tree of a text, or what is wrong with it and in which line."""
    try:
        return {"root": _Reader(text).root()}
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "it has characters that YAML does not take"
        return {"error": problem, "line": mark.line + 1 if mark else 1}


if __name__ == "__main__":
    texts = json.loads(sys.stdin.buffer.read())
    print(json.dumps({name: read(text) for name, text in texts.items()}))
