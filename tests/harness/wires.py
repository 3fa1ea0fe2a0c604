"""What stands between a client and a server on the loopback: a wire to cut, and a gateway."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.harness.ports import free_port

_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


@dataclass
class Wire:
    """Carries every byte of TCP to a port and back, until it is cut: then nobody listens there.

    Args:
        target: the server's port, or its socket in the file system.
        port: the port that clients take.
    """

    target: int | Path
    port: int = field(default_factory=free_port)
    _listener: socket.socket | None = None
    _open: set[socket.socket] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Wire:
        self.mend()
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()

    def mend(self) -> None:
        """Listen, again after a cut."""
        listener = socket.create_server(("127.0.0.1", self.port), backlog=64)
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def cut(self) -> None:
        """End all connections; new ones are refused."""
        listener, self._listener = self._listener, None
        with self._lock:
            ended, self._open = self._open, set()
        for one in (*ended, *([listener] if listener is not None else [])):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            try:
                server = self._connected()
            except OSError:
                client.close()
                continue
            with self._lock:
                if self._listener is not listener:
                    client.close()
                    server.close()
                    return
                self._open |= {client, server}
            for ends in ((client, server), (server, client)):
                threading.Thread(target=self._carry, args=ends, daemon=True).start()

    def _connected(self) -> socket.socket:
        if isinstance(self.target, int):
            return socket.create_connection(("127.0.0.1", self.target))
        server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        server.connect(str(self.target))
        return server

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):  # the wire was cut, or one side has ended
            while block := source.recv(65536):
                target.sendall(block)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)
        with self._lock:
            for one in {source, target} & self._open:
                if one is source:
                    self._open.discard(one)
                    one.close()


class Gateway:
    """Stands before an HTTP server as a company's own: a path prefix, a token, HTTPS.

    Args:
        target: the server's port.
        prefix: what paths begin with, say `/team/mlflow`; it is taken off, all else is 404.
        token: what must stand in `Authorization: Bearer …`; all else is 401.
        certificate: files of certificate and key, for HTTPS.
    """

    def __init__(
        self,
        target: int,
        *,
        prefix: str = "",
        token: str | None = None,
        certificate: tuple[str, str] | None = None,
    ) -> None:
        class Handler(_Handler):
            settings = (target, prefix, token)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            # The handshake is the connection's thread's: a client that says nothing holds up none.
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.port = int(self._server.server_address[1])

    def __enter__(self) -> Gateway:
        threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    settings: tuple[int, str, str | None]

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def handle(self) -> None:
        with suppress(OSError):  # the client went away, or the wire was cut
            super().handle()

    def _pass_on(self) -> None:
        target, prefix, token = self.settings
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if token is not None and self.headers.get("Authorization") != f"Bearer {token}":
            self._answer(401, b'{"error_code": "UNAUTHENTICATED", "message": "no valid token"}')
        elif not self.path.startswith(f"{prefix}/"):
            self._answer(404, b"no such path here")
        else:
            server = http.client.HTTPConnection("127.0.0.1", target, timeout=60)
            headers = {k: v for k, v in self.headers.items() if k.lower() not in _HOP_BY_HOP}
            server.request(self.command, self.path.removeprefix(prefix), body, headers)
            reply = server.getresponse()
            self._answer(reply.status, reply.read(), reply.getheaders())
            server.close()

    def _answer(
        self, status: int, body: bytes, headers: list[tuple[str, str]] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in headers or [("Content-Type", "application/json")]:
            if name.lower() not in (*_HOP_BY_HOP, "date", "server"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _pass_on
