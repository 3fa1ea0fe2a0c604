"""A Markdown page as a script: its blocks in their order, as they stand.

What a reader does by hand stands in the fence's info string or in a comment, which nobody sees:

    ```python file=src/<package>/nodes.py    the block is the file
    ```yaml add=conf/base/catalog.yml        the block goes to the end of the file
    ```python into=src/<package>/x.py:NAME   the block goes below the line that begins with NAME
    ```python entries                        the block is of a catalog, with MLflowDataSet at hand
    ```python cell                           the block is a cell of the page's notebook
    ```python                                the block is a script
    ```text                                  what is printed: shown only
    ```bash exit=1                           commands, the last of which ends so
    <!-- test: git init -q -->               a command
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_PART = re.compile(
    r"^(?P<indent> *)```(?P<language>\w*)(?P<info>[^\n]*)\n(?P<text>.*?)^ *```$"
    r"|^<!-- test: (?P<command>.*?) -->$",
    re.MULTILINE | re.DOTALL,
)
SHELLS = ("bash", "sh", "shell", "console")
SHOWN = ("text", "mermaid")


@dataclass(frozen=True)
class Block:
    """A fenced block of a page, or a hidden command."""

    line: int
    language: str
    text: str
    options: dict[str, str] = field(default_factory=dict)

    def commands(self) -> str:
        """The commands of a block for a shell: in a session those that follow a `$`."""
        if self.language != "console":
            return self.text
        return "\n".join(re.findall(r"^\$ (.*)$", self.text, re.MULTILINE)) + "\n"


def blocks_of(page: Path) -> list[Block]:
    """Return the blocks of a page in their order."""
    text = page.read_text("utf8")
    found = []
    for part in _PART.finditer(text):
        line = text[: part.start()].count("\n") + 1
        if part["command"] is not None:
            found.append(Block(line, "bash", f"{part['command']}\n", {}))
            continue
        lines = part["text"].splitlines(keepends=True)
        content = "".join(one.removeprefix(part["indent"]) for one in lines)
        options = dict(_option(word) for word in shlex.split(part["info"]))
        found.append(Block(line, part["language"], content, options))
    return found


def _option(word: str) -> tuple[str, str]:
    name, _, value = word.partition("=")
    return name, value


def script_of(page: Path, package: str) -> str:
    """Return a page as a script for bash.

    Args:
        page: the Markdown file.
        package: stands for `<package>`.

    Raises:
        ValueError: a block says neither what it is nor that it is shown only.
    """
    lines = list(_lines(blocks_of(page), page.name))
    return "\n".join(lines).replace("<package>", package) + "\n"


def _lines(blocks: list[Block], name: str) -> Iterator[str]:
    cells: list[str] = []
    for block in blocks:
        if "cell" in block.options:
            cells.append(block.text)
            continue
        if cells:
            yield _here("run_cells", "".join(cells))
            cells = []
        yield f"echo '== {name}:{block.line}'"
        yield _step(block, f"{name}:{block.line}")
    if cells:
        yield _here("run_cells", "".join(cells))
    yield "end_servers"


def _step(block: Block, where: str) -> str:
    if block.language in SHOWN:
        return ":"
    if block.language in SHELLS:
        code = block.options.get("exit")
        return block.commands() if code is None else _here(f"expect {code}", block.commands())
    for name in ("file", "add", "into"):
        if name in block.options:
            return _here(f"{name}_block {shlex.quote(block.options[name])}", block.text)
    if "entries" in block.options:
        return _here("entries_block <package>", block.text)
    if block.language == "python":
        return _here("python -", block.text)
    raise ValueError(f"{where}: a block of {block.language!r} must say what is done with it")


def _here(command: str, text: str) -> str:
    return f"{command} <<'END_OF_BLOCK'\n{text}END_OF_BLOCK"
