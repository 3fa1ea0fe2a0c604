"""Finds the entries of kedro-mlflow in the files of a catalog, and says what changes in them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial

from scripts.installing.kedro_mlflow.counterparts import news_for
from scripts.installing.kedro_mlflow.documents import Document, Item, Node
from scripts.installing.kedro_mlflow.edits import CannotEditError, Edits, New, content
from scripts.installing.kedro_mlflow.entry import METRICS, MODELS, Entry, kind_of
from scripts.installing.kedro_mlflow.findings import Findings

_VARIABLE = re.compile(r"\$\{\s*(globals:)?\s*([\w.\-]+)\s*(?:,[^{}]*)?\}")
_BY_HAND = "it is shared with an entry that needs it otherwise; edit both by hand"


class Catalog:
    """The catalog of a project, with all its environments.

    Args:
        files: the files of the catalog.
        globals_files: the files of `${globals:…}`.
        tracking: dotted path of the layer.
        findings: takes what has no counterpart.
    """

    def __init__(
        self,
        files: Sequence[Document],
        globals_files: Sequence[Document],
        tracking: str,
        findings: Findings,
    ) -> None:
        self.files = files
        self.globals_files = globals_files
        self.tracking = tracking
        self.findings = findings
        self.edits = {one.path: Edits(one) for one in (*files, *globals_files)}
        # Of entries, by their names.
        self._kinds: dict[str, str] = {}

    def changed(self) -> dict[Document, str]:
        """Return the files that change, with their new text."""
        for document in self.files:
            entries = document.items(document.root) if document.root is not None else []
            # What only others use comes last, for they say what it is used for.
            entries.sort(key=lambda item: item.key.text.startswith("_"))
            for item in entries:
                if item.value.kind == "map":
                    self._translate(document, item.key.text, item.value)
        texts = {}
        for edits in self.edits.values():
            try:
                text = edits.text
            except CannotEditError as error:
                self.refuse(edits.document, str(error))
                continue
            if text != edits.document.text:
                texts[edits.document] = text
        return texts

    def is_as_meant(self, old: Document, new: Document) -> bool:
        """Whether the new text of a file holds what was meant, and nothing else has changed."""
        if new.root is None:
            return False
        return bool(content(new, new.root) == self.edits[old.path].expected())

    def refuse(self, document: Document, why: str) -> None:
        """Say that a file stays as it is."""
        text = f"this file can't be changed safely ({why}); translate its entries by hand"
        self.findings.add(document.path, 1, text)

    def _translate(self, document: Document, name: str, mapping: Node) -> None:
        items = document.items(mapping)
        edits = self.edits[document.path]
        type_item = next((one for one in items if one.key.text == "type" and not one.hidden), None)
        type_name, variables = self._type_of(document, type_item)
        kind = kind_of(type_name)
        tell = partial(self._tell, document, name)
        if type_item is None and name in self._kinds and not name.startswith("_"):
            # Only a part of the base's entry, which the config loader merges softly.
            self._change_items(Entry(name, document, items, self._kinds[name], tell), edits)
            return
        if type_item is None or kind is None:
            for item in items:
                if not item.hidden and not name.startswith("_") and not edits.keep(item):
                    tell(item, _BY_HAND)
            self._look_inside(document, name, mapping, type_name)
            return
        if kind == "unknown":
            tell(type_item, f"{type_name} is no type of kedro-mlflow that is known here")
            return
        if name.startswith("_") and edits.has_changed(type_item):
            return
        news: list[New] = [("type", None if variables else f"{self.tracking}.MLflowDataset")]
        news += [("dataset", "m")] if kind in METRICS else []
        news += [("dataset", "model")] if kind in MODELS else []
        for where, variable in variables:
            self.edits[where.path].replace(variable, f"{self.tracking}.MLflowDataset")
        entry = Entry(name, document, items, kind, tell)
        self._kinds[name] = kind
        self._change(edits, entry, type_item, news)
        self._change_items(entry, edits)

    def _change_items(self, entry: Entry, edits: Edits) -> None:
        for item in entry.items:
            found = news_for(entry, item, self.tracking)
            if found is not None:
                self._change(edits, entry, item, found)
            elif item.key.text != "type" and not item.hidden:
                edits.keep(item)

    def _change(self, edits: Edits, entry: Entry, item: Item, news: list[New]) -> None:
        if not edits.change(item, news):
            entry.tell(item, _BY_HAND)

    def _tell(self, document: Document, name: str, item: Item, text: str) -> None:
        self.findings.add(document.path, item.key.line, f"{name}: {text}")

    def _type_of(
        self, document: Document, item: Item | None
    ) -> tuple[str, list[tuple[Document, Node]]]:
        """Return the full name of a type, and the variables that hold the whole of it."""
        if item is None or item.value.kind != "scalar":
            return "", []
        text = item.value.text
        match = _VARIABLE.fullmatch(text)
        if match:
            found = self._values(document, match)
            ours = [one for one in found if kind_of(one[1].text) is not None]
            return (ours[0][1].text, ours) if ours else (found[0][1].text if found else text, [])

        def filled(part: re.Match[str]) -> str:
            values = self._values(document, part)
            return values[0][1].text if values else part[0]

        return _VARIABLE.sub(filled, text), []

    def _values(self, document: Document, match: re.Match[str]) -> list[tuple[Document, Node]]:
        """Return the scalars that a variable stands for, in all environments."""
        if match[1]:
            files = list(self.globals_files)
        else:  # those of one environment are merged before they are filled in
            same = [one for one in self.files if one.environment == document.environment]
            files = [document, *(one for one in same if one is not document)]
        found = [(one, one.at(match[2])) for one in files]
        return [(one, node) for one, node in found if node is not None and node.kind == "scalar"]

    def _look_inside(self, document: Document, name: str, mapping: Node, type_name: str) -> None:
        if "${" in type_name and "mlflow" in type_name.lower():
            item = next(one for one in document.items(mapping) if one.key.text == "type")
            self._tell(document, name, item, f"the type {type_name} is filled in when Kedro runs")
        for item in document.items(mapping):
            inner = item.value
            for part in document.items(inner) if inner.kind == "map" else []:
                if part.key.text == "type" and kind_of(part.value.text) is not None:
                    text = (
                        f"a dataset of kedro-mlflow inside of {type_name or 'another'}; make it "
                        f"the entry's own, for MLflowDataset keeps its value in memory too"
                    )
                    self._tell(document, name, part, text)
