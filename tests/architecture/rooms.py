"""Reads the imports of the tracking layer, and says which of them a rule forbids.

The rules are those of `docs/decisions.md` and of the layer's own `README.md`.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

MAX_LINES = 300
GROUND, MODELS_NODE, WING = "ground", "models (node's side)", "wing"
# The side of `models/` that the node's process works with; the other files are the exporter's.
NODES_SIDE = {"flavors", "signature", "sample", "options", "record"}

_BELOW_EXPORT = {GROUND, "journal", "store"}
_BELOW_HOOKS = {GROUND, "journal", "recording", MODELS_NODE}
_CORE = {*_BELOW_EXPORT, *_BELOW_HOOKS, "hooks", "datasets", "models", "timeline", "exporting"}
# Room -> rooms that it may import. Each may import itself.
ARROWS: dict[str, set[str]] = {
    GROUND: set(),
    "journal": {GROUND},
    "store": {GROUND, "journal"},
    "timeline": _BELOW_EXPORT,
    "models": {*_BELOW_EXPORT, MODELS_NODE},
    "exporting": {*_BELOW_EXPORT, "models", "timeline"},
    "recording": {GROUND, "journal"},
    MODELS_NODE: {GROUND, "journal", "recording"},
    "datasets": _BELOW_HOOKS,
    "hooks": {*_BELOW_HOOKS, "datasets"},
    "layer": _CORE,
    "commands": {*_CORE, "layer"},
    WING: {*_CORE, "layer", "commands"},
}
# The doors from the pipeline's process to the exporter's code, inside functions: export and load.
DOORS = {
    ("recording.launcher", "exporting.journals"),
    ("recording.part", "exporting.belonging"),
    ("recording.part", "store.client"),
    ("recording.launcher", "store.client"),
    ("datasets.loading", "store.client"),
    ("datasets.loading", "store.filters"),
    ("datasets.loading", "store.reasons"),
    ("datasets.loading", "store.relocation"),
    ("hooks.notebook", "store.sqlite"),
    ("models.sample", "store.mlflow_internals"),  # what a model carries that autologging marked
}
# Where MLflow may be imported, always inside a function.
KNOWS_MLFLOW = {"store", "models", "exporting", "commands", "layer", WING}
MLFLOW_DOORS = {"datasets.loading"}
KNOWS_NO_KEDRO = {"journal", "store", "timeline", "models", "exporting"}
PUBLIC_MLFLOW = {
    "mlflow",
    "mlflow.artifacts",
    "mlflow.entities",
    "mlflow.exceptions",
    "mlflow.models",
    "mlflow.pyfunc",
}
PUBLIC_KEDRO = {
    "kedro.framework.hooks",
    "kedro.framework.project",
    "kedro.framework.session",
    "kedro.framework.startup",  # Kedro's documentation has scripts with `bootstrap_project`
    "kedro.io",
    "kedro.pipeline",
    "kedro.runner",
    "kedro.utils",
}
INTERNALS = {
    "store.mlflow_database_internals": "mlflow",
    "store.mlflow_internals": "mlflow",
    "store.lean_imports": "mlflow",
    "kedro_internals": "kedro",
    "kedro_datasets_internals": "kedro_datasets",
}
# Python's own, and names that other libraries agree on.
_NOT_PRIVATE = {"_current_frames", "_exit", "_repr_html_"}


@dataclass(frozen=True)
class Import:
    """One import: who, whom, where, and whether it happens when the module is imported."""

    importer: str
    imported: str
    place: str
    at_top: bool


def check(folder: Path) -> list[str]:
    """Return a line for each breach of a rule, with file and line; empty if there is none.

    Args:
        folder: the tracking layer.
    """
    trees = {
        _name(folder, path): (path, ast.parse(path.read_text("utf8"))) for path in _files(folder)
    }
    breaches = []
    arrows: list[Import] = []
    for name, (path, tree) in trees.items():
        where = path.relative_to(folder).as_posix()
        lines = len(path.read_text("utf8").splitlines())
        if lines > MAX_LINES:
            breaches.append(f"{where}: {lines} lines, {MAX_LINES} is the limit")
        breaches += _private_uses(name, where, tree)
        for found in _imports(name, where, tree, path.name == "__init__.py"):
            if found.imported.startswith("."):
                inside = Import(name, _module(found.imported[1:], trees), found.place, found.at_top)
                arrows.append(inside)
                breaches += _forbidden_arrow(folder, inside)
            else:
                breaches += _forbidden_library(folder, found)
    # A circle that only a forbidden arrow closes is told by that arrow.
    allowed = [one for one in arrows if not _forbidden_arrow(folder, one)]
    return list(dict.fromkeys(breaches + _circles(allowed)))


def room_of(folder: Path, module: str) -> str:
    """Return the room of a module, say `journal` of `journal.writer`."""
    room, _, rest = module.partition(".")
    if not rest and not (folder / room).is_dir():
        return GROUND
    if room == "models" and rest in NODES_SIDE:
        return MODELS_NODE
    return WING if (folder / room / "wing.py").exists() else room


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.py") if "__pycache__" not in path.parts)


def _name(folder: Path, path: Path) -> str:
    parts = path.relative_to(folder).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _module(name: str, known: object) -> str:
    """Return the module that an imported name stands in: `a.b` for `a.b.function`."""
    assert isinstance(known, dict)
    return name if name in known else name.rpartition(".")[0]


def _imports(name: str, where: str, tree: ast.Module, is_package: bool) -> Iterator[Import]:
    late = {
        inner
        for outer in ast.walk(tree)
        if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for inner in ast.walk(outer)
    }
    for node in ast.walk(tree):
        place, at_top = f"{where}:{getattr(node, 'lineno', 0)}", node not in late
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(name, alias.name, place, at_top)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield Import(name, node.module or "", place, at_top)
        elif isinstance(node, ast.ImportFrom):
            parts = name.split(".") if name else []
            base = parts[: len(parts) - node.level + is_package]
            start = [*base, *(node.module.split(".") if node.module else [])]
            for alias in node.names:
                yield Import(name, "." + ".".join([*start, alias.name]), place, at_top)


def _forbidden_arrow(folder: Path, one: Import) -> list[str]:
    if not one.importer or not one.imported:  # the table of contents
        return []
    source, target = room_of(folder, one.importer), room_of(folder, one.imported)
    is_door = not one.at_top and (one.importer, one.imported) in DOORS
    same = source == target and (source != WING or _top(one.importer) == _top(one.imported))
    if same or target in ARROWS.get(source, set()) or is_door:
        return []
    allowed = ", ".join(sorted(ARROWS.get(source, set()))) or "nothing"
    return [
        f"{one.place}: {one.importer} -> {one.imported} is forbidden: {source} imports {allowed}, "
        f"not {target}"
    ]


def _forbidden_library(folder: Path, one: Import) -> list[str]:
    library = _top(one.imported)
    room = room_of(folder, one.importer) if one.importer else GROUND
    breaches = []
    if library == "mlflow":
        if one.at_top:
            breaches.append(f"{one.place}: imports mlflow when it is imported itself")
        if room not in KNOWS_MLFLOW and one.importer not in MLFLOW_DOORS:
            breaches.append(f"{one.place}: {room} must not import mlflow")
    if library == "kedro" and (room in KNOWS_NO_KEDRO or (room == GROUND and one.at_top)):
        breaches.append(f"{one.place}: {room} must not import kedro")
    public = {"mlflow": PUBLIC_MLFLOW, "kedro": PUBLIC_KEDRO}.get(library)
    if public and one.imported not in public and INTERNALS.get(one.importer) != library:
        breaches.append(
            f"{one.place}: {one.imported} is no public part of {library}; what needs it belongs "
            f"into {library}_internals.py"
        )
    return breaches


def _private_uses(name: str, where: str, tree: ast.Module) -> list[str]:
    """Find attributes of other people's objects that begin with an underscore."""
    if name in INTERNALS:
        return []
    breaches = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute) or not node.attr.startswith("_"):
            continue
        is_special = node.attr.startswith("__") or node.attr in _NOT_PRIVATE
        is_own = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
        if not is_special and not is_own:
            text = ast.unparse(node)
            breaches.append(f"{where}:{node.lineno}: {text} reaches behind a public interface")
    return breaches


def _circles(arrows: list[Import]) -> list[str]:
    graph: dict[str, dict[str, str]] = {}
    for one in arrows:
        if one.importer and one.imported and one.importer != one.imported:
            graph.setdefault(one.importer, {})[one.imported] = one.place
    done: set[str] = set()
    found = []

    def visit(module: str, path: list[str]) -> None:
        if module in path:
            circle = [*path[path.index(module) :], module]
            # Each of its arrows may be the new one.
            places = [graph[one][other] for one, other in pairwise(circle)]
            first, *others = sorted(places, reverse=True)
            also = f" (also at {', '.join(others)})" if others else ""
            found.append(f"{first}: a circle: {' -> '.join(circle)}{also}")
            return
        if module in done:
            return
        for target in graph.get(module, {}):
            visit(target, [*path, module])
        done.add(module)

    for start in graph:
        visit(start, [])
    return found


def _top(module: str) -> str:
    return module.partition(".")[0]


if __name__ == "__main__":
    if len(sys.argv) != 2 or not Path(sys.argv[1], "__init__.py").exists():
        sys.exit("Give one tracking layer: python tests/architecture/rooms.py FOLDER")
    lines = check(Path(sys.argv[1]))
    print("\n".join(lines) or "All arrows go the right way.")
    sys.exit(bool(lines))
