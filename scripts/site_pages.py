"""Hooks of MkDocs: what a page holds for its test, or for a reader of the repository, on the site.

`mkdocs.yml` names this file. The blocks of the pages say in their first line what a test does with
them, see `tests/docs/page.py`; a reader of the site sees the file that a block belongs to.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # not where MkDocs is not installed
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

ROOT = Path(__file__).parents[1]
_COMMAND = re.compile(r"^<!-- test: .*? -->\n", re.MULTILINE | re.DOTALL)
_FENCE = re.compile(r"^(?P<fence> *```\w+) (?P<info>\S.*)$", re.MULTILINE)
_PLACE = re.compile(r"(?:file|add|into)=[\"']?(?P<path>[^\s:\"']+)")
# Files that pages link to and that lie outside of docs/, by their links.
OUTSIDE = {"../benchmarks/results.json": "results.json"}


def on_files(files: Files, config: MkDocsConfig) -> None:
    """Bring the files outside of docs/ to the site."""
    from mkdocs.structure.files import File

    for link, name in OUTSIDE.items():
        source = ROOT / "docs" / link
        files.append(File.generated(config, name, abs_src_path=str(source.resolve())))


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Return a page as the site shows it."""
    shown = _FENCE.sub(_titled, _COMMAND.sub("", markdown))
    for link, name in OUTSIDE.items():
        shown = shown.replace(f"]({link})", f"]({name})")
    return shown


def _titled(found: re.Match[str]) -> str:
    place = _PLACE.search(found["info"])
    return found["fence"] + (f' title="{place["path"]}"' if place else "")
