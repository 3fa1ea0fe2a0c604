"""A web server of a test's own on the loopback: answers as it is told, and notes what it got."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Asked:
    """A request that came: its method, its path with the query, its headers and its body."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    at: float


@dataclass(frozen=True)
class Answer:
    """What is answered, how many seconds later, and with which headers."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    after: float = 0.0


# Is given a request, and how many came to the same path before.
Rule = Callable[[Asked, int], Answer]


class Web:
    """A server that runs.

    Args:
        url: its address.
        rule: says what it answers; a test may set another one.
    """

    def __init__(self, url: str, rule: Rule) -> None:
        self.url = url
        self.rule = rule
        self.asked: list[Asked] = []
        self.most_at_once = 0
        self._at_once = 0
        self._lock = threading.Lock()
        self.over = threading.Event()

    def paths(self) -> list[str]:
        """The paths that were asked for, sorted."""
        return sorted(one.path for one in self.asked)

    def answer(self, asked: Asked) -> Answer:
        with self._lock:
            before = sum(one.path == asked.path for one in self.asked)
            self.asked.append(asked)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        answer = self.rule(asked, before)
        self.over.wait(answer.after)
        with self._lock:
            self._at_once -= 1
        return answer


@contextmanager
def web(rule: Rule) -> Iterator[Web]:
    """Run a server on a free port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            try:
                super().handle_one_request()
            except ConnectionError:  # who asked has gone
                self.close_connection = True

        def serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            asked = Asked(self.command, self.path, dict(self.headers), body, time.monotonic())
            answer = running.answer(asked)
            self.send_response(answer.status)
            for name, value in {"Content-Length": len(answer.body), **answer.headers}.items():
                self.send_header(name, str(value))
            self.end_headers()
            self.wfile.write(answer.body)

        do_GET = do_POST = do_PUT = do_DELETE = serve

        def log_message(self, format: str, *arguments: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 256

    server = Server(("127.0.0.1", 0), Handler)
    running = Web(f"http://127.0.0.1:{server.server_address[1]}", rule)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield running
    finally:
        running.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
