"""YAML files as trees that know where each part stands in the text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts.installing.interpreter import run_script
from scripts.installing.project import InstallError

_READER = Path(__file__).with_name("yaml_events.py")
_NULLS = ("", "~", "null", "Null", "NULL")


@dataclass(frozen=True, eq=False)
class Node:
    """A part of a YAML file.

    Args:
        number: of the node in its file, from 1.
        kind: `scalar`, `map`, `seq` or `alias`.
        begin: where it begins in the text, its anchor included.
        start: where its content begins.
        end: where it ends.
        line: the line, from 1.
        column: of its beginning, from 0.
        text: of a scalar.
        plain: whether a scalar has no quotes.
        flow: whether a collection stands in brackets.
        parts: of a sequence its items, of a mapping keys and values by turns.
        target: number of the node that an alias stands for.
    """

    number: int
    kind: str
    begin: int
    start: int
    end: int
    line: int
    column: int
    text: str = ""
    plain: bool = False
    flow: bool = False
    parts: tuple[Node, ...] = ()
    target: int = 0

    @property
    def items(self) -> list[tuple[Node, Node]]:
        """Keys and values of a mapping."""
        return list(zip(self.parts[::2], self.parts[1::2], strict=True))

    @property
    def is_null(self) -> bool:
        """Whether it is a scalar that YAML takes for nothing."""
        return self.kind == "scalar" and self.plain and self.text in _NULLS

    @property
    def is_computed(self) -> bool:
        """Whether it is a scalar that a config loader fills in."""
        return self.kind == "scalar" and ("${" in self.text or self.text.startswith("$"))


@dataclass(frozen=True)
class Item:
    """A key of a mapping, and its value.

    Args:
        mapping: the mapping that it stands in.
        key: the key.
        value: the value, never an alias.
        hidden: whether a nearer key of the same name hides it.
    """

    mapping: Node
    key: Node
    value: Node
    hidden: bool = False


@dataclass(eq=False)
class Document:
    """A file of the configuration.

    Args:
        path: the file.
        environment: the folder of `conf/` that it lies in.
        text: its text, with the line ends that it has.
        root: its tree; None if it is empty or can't be read.
        error: the line where it can't be read, and why.
        nodes: all of the tree, by their numbers.
    """

    path: Path
    environment: str
    text: str
    root: Node | None = None
    error: tuple[int, str] | None = None
    nodes: dict[int, Node] = field(default_factory=dict)

    def resolved(self, node: Node) -> Node:
        """Return what an alias stands for; another node is returned as it is."""
        return self.nodes[node.target] if node.kind == "alias" else node

    def source(self, node: Node) -> str:
        """Return the text of a node, without its anchor."""
        node = self.resolved(node)
        return self.text[node.start : node.end]

    def items(self, mapping: Node) -> list[Item]:
        """Return the items of a mapping and of those that it merges; the first of a name counts."""
        seen: set[str] = set()
        found = []
        for owner, key, value in self._all_items(self.resolved(mapping)):
            found.append(Item(owner, key, self.resolved(value), key.text in seen))
            seen.add(key.text)
        return found

    def _all_items(self, mapping: Node) -> Iterator[tuple[Node, Node, Node]]:
        if mapping.kind != "map":
            return
        own = [(mapping, *item) for item in mapping.items]
        yield from (item for item in own if item[1].text != "<<")
        for _, key, value in own:
            if key.text == "<<":
                merged = self.resolved(value)
                for one in merged.parts if merged.kind == "seq" else [merged]:
                    yield from self._all_items(self.resolved(one))

    def at(self, dotted: str) -> Node | None:
        """Return the node at a path of keys, or None."""
        node = self.root
        for name in dotted.split("."):
            items = self.items(node) if node is not None else []
            node = next((item.value for item in items if item.key.text == name), None)
        return node


def trees(texts: Mapping[str, str], python: str) -> dict[str, dict[str, Any]]:
    """Return the tree of each text, as `yaml_events.py` prints it.

    Args:
        texts: names and texts.
        python: an interpreter that has PyYAML.

    Raises:
        InstallError: it has not, or can't be started.
    """
    try:
        done = run_script(python, str(_READER), feed=json.dumps(dict(texts)).encode())
    except OSError as error:
        raise InstallError(f"{python} can't be started: {error}") from error
    if done.returncode != 0:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise InstallError(f"{python} can't read YAML, which Kedro needs too: {''.join(last)}")
    answer: dict[str, dict[str, Any]] = json.loads(done.stdout)
    return answer


def read(files: Mapping[Path, str], python: str) -> list[Document]:
    """Read files of the configuration.

    Args:
        files: the files, with their environments.
        python: an interpreter that has PyYAML.

    Raises:
        InstallError: it has not, or can't be started.
    """
    documents = []
    for path, environment in files.items():
        try:
            documents.append(Document(path, environment, path.read_bytes().decode()))
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "it is no text in UTF-8"
            documents.append(Document(path, environment, "", error=(1, why)))
    found = trees({str(one.path): one.text for one in documents}, python) if documents else {}
    for document in documents:
        fill(document, found[str(document.path)])
    return documents


def fill(document: Document, tree: Mapping[str, Any]) -> None:
    """Put a tree of `trees` into a document."""
    if "error" in tree:
        document.error = (tree["line"], tree["error"])
    elif tree["root"] is not None:
        document.root = _node(tree["root"], document.nodes)


def _node(tree: dict[str, Any], nodes: dict[int, Node]) -> Node:
    parts = tuple(_node(part, nodes) for part in tree.get("parts", ()))
    node = nodes[tree["number"]] = Node(**{**tree, "parts": parts})
    return node
