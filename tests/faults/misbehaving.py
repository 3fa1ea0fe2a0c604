"""A proxy before a real MLflow server that answers as rate limits, logins and bad networks do."""

from __future__ import annotations

import base64
import datetime
import ipaddress
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from .server import Proxy

LOGIN_PAGE = "<!doctype html><html><head><title>Sign in</title></head><body>…</body></html>"


@dataclass(frozen=True)
class Request:
    """What was asked: method, path with query, headers by their names in lower case."""

    method: str
    path: str
    headers: dict[str, str]


@dataclass(frozen=True)
class Answer:
    """An answer of the proxy's own.

    Args:
        status: status line, as `429 Too Many Requests`.
        headers: its headers, without length.
        body: its text.
        drip: seconds between two of its bytes.
    """

    status: str
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    drip: float = 0.0

    def head(self) -> bytes:
        lines = [f"HTTP/1.1 {self.status}", *(f"{k}: {v}" for k, v in self.headers.items())]
        lines += [f"Content-Length: {len(self.body.encode())}", "Connection: close", "", ""]
        return "\r\n".join(lines).encode()


Rule = Callable[[Request], "Answer | None"]


def behaves(_request: Request) -> Answer | None:
    """The rule of a server that is well."""
    return None


@dataclass
class Misbehaving(Proxy):
    """Answers itself what its rule gives an answer for; all else goes to the server.

    Args:
        rule: may be changed at any time.
        certificate: a file with certificate and key: it speaks TLS.
        forgets: closes each connection after its reply though it has not said so.
    """

    rule: Rule = behaves
    certificate: Path | None = None
    forgets: bool = False
    times: list[float] = field(default_factory=list)

    @property
    def uri(self) -> str:
        return f"http{'s' if self.certificate else ''}://127.0.0.1:{self.port}"

    def _serve(self, connection: socket.socket) -> None:
        if self.certificate is None:
            super()._serve(connection)
            return
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate)
        with suppress(OSError):  # the client trusts it not, and goes away
            super()._serve(context.wrap_socket(connection, server_side=True))

    def _answers_itself(self, connection: socket.socket, request: bytes) -> bool:
        self.times.append(time.monotonic())
        first, *lines = request.partition(b"\r\n\r\n")[0].decode().split("\r\n")
        method, path, _ = first.split(" ")
        pairs = (line.partition(":") for line in lines)
        headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
        answer = self.rule(Request(method, path, headers))
        if answer is None:
            return False
        connection.sendall(answer.head())
        body = answer.body.encode()
        if not answer.drip:
            connection.sendall(body)
        for number in range(len(body) if answer.drip else 0):
            connection.sendall(body[number : number + 1])
            time.sleep(answer.drip)
        return True

    def _forward(self, request: bytes) -> bytes:
        reply = super()._forward(request)
        if not self.forgets:
            return reply
        head, mark, body = reply.partition(b"\r\n\r\n")
        lines = [
            line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")
        ]
        return b"\r\n".join(lines) + mark + body


def limited(status: str, seconds: str) -> Rule:
    """Asks to wait, whatever is asked."""
    return lambda _: Answer(status, {"Retry-After": seconds}, "slow down")


def wants(authorization: str) -> Rule:
    """Answers 401 to whoever has another `Authorization`, as MLflow's own login does."""

    def rule(request: Request) -> Answer | None:
        if request.headers.get("authorization") == authorization:
            return None
        text = "You are not authenticated. Please see https://www.mlflow.org/docs"
        headers = {"WWW-Authenticate": 'Basic realm="mlflow"', "Content-Type": "text/html"}
        return Answer("401 UNAUTHORIZED", headers, text)

    return rule


def basic(user: str, password: str) -> str:
    """The header of a user and a password."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def login_page(_request: Request) -> Answer:
    """A web page with the status 200, whatever is asked."""
    return Answer("200 OK", {"Content-Type": "text/html; charset=utf-8"}, LOGIN_PAGE)


def redirect(request: Request) -> Answer:
    """A redirect to a login page, with what no log may have in its query."""
    if request.path.startswith("/signin"):
        return login_page(request)
    return Answer("302 Found", {"Location": "/signin?state=hush-hush"})


def dripping(_request: Request) -> Answer:
    """An answer that comes byte by byte, each in time."""
    return Answer("200 OK", {"Content-Type": "application/json"}, "{" + " " * 100 + "}", drip=0.3)


def make_certificate(file: Path, days: tuple[int, int]) -> Path:
    """Write a self-signed certificate of 127.0.0.1, with its key; the file is its own CA file.

    Args:
        file: where to.
        days: from when on and until when it is valid, counted from now.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.timezone.utc)
    begin, end = (now + datetime.timedelta(days=count) for count in days)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    text = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    file.write_bytes(certificate.public_bytes(pem) + text)
    return file
