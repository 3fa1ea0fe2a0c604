"""A real web hook on the loopback, which keeps what it got, and can refuse, hang or redirect."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

# As of Slack: the path is the secret.
SECRET = "XkQ9fH2aB7vLw3ZpT5nYc8Rd"
PATH = f"/services/T0AAAAAAA/B0BBBBBBB/{SECRET}"


@dataclass
class Webhook:
    """What listens, and what it got.

    Args:
        port: its port.
        code: what it answers.
        hang: for how many seconds it says nothing before that.
    """

    port: int = 0
    code: int = 200
    hang: float = 0.0
    got: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{PATH}"

    @property
    def texts(self) -> list[str]:
        """The messages that came."""
        assert all(set(one) == {"text"} for one in self.got)
        return [str(one["text"]) for one in self.got]

    def wait(self, count: int, seconds: float = 20) -> list[str]:
        """Wait until so many messages have come; returns them."""
        deadline = time.monotonic() + seconds
        while len(self.got) < count:
            assert time.monotonic() < deadline, self.got
            time.sleep(0.05)
        return self.texts


@contextmanager
def webhook() -> Iterator[Webhook]:
    """Listen while this lasts."""
    hook = Webhook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            hook.paths.append(self.path)
            hook.headers.append(dict(self.headers.items()))
            hook.got.append(json.loads(body))
            if hook.hang:
                hook.ended.wait(hook.hang)
            self.send_response(hook.code)
            if hook.code in (301, 302, 307, 308):
                self.send_header("Location", f"http://127.0.0.1:{hook.port}/elsewhere")
            self.end_headers()
            self.wfile.write(b"ok")

        def do_GET(self) -> None:
            hook.got.append({"GET": self.path})
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    hook.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield hook
    finally:
        hook.ended.set()
        server.shutdown()
        server.server_close()
