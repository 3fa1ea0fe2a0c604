"""Options that several commands have."""

from collections.abc import Callable
from typing import Any

import click


def listening(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command that serves the options `--host` and `--port`."""
    port = click.option(
        "--port",
        type=click.IntRange(1, 65535),
        default=None,
        help="Port to listen on; a free one by default.",
    )
    host = click.option(
        "--host", default="127.0.0.1", show_default=True, help="Address to listen on."
    )
    return host(port(command))
