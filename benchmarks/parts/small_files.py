"""A web server that answers each request with 1 kB after 20 ms; arguments: the port."""

from __future__ import annotations

import asyncio
import sys

DELAY_S = 0.02
_BODY = b"x" * 1000
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: 1000\r\n\r\n"


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            await reader.readuntil(b"\r\n\r\n")
            await asyncio.sleep(DELAY_S)
            writer.write(_HEAD + _BODY)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def main() -> None:
    """Serve until killed, or for half an hour."""
    server = await asyncio.start_server(_answer, "127.0.0.1", int(sys.argv[1]), backlog=1000)
    await asyncio.wait_for(server.serve_forever(), 1800)


if __name__ == "__main__":
    asyncio.run(main())
