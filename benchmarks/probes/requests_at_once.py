"""Small files of a web server, at once and one by one; arguments: package, address, how many."""

from __future__ import annotations

import sys
import time
from importlib import import_module

from .session import report


def main() -> None:
    """Load all by `AsyncAPIDataset`; and by one client of httpx, which keeps its connection."""
    package, address, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    sys.path.insert(0, "src")
    make = import_module(f"{package}.datasets").AsyncAPIDataset
    import httpx

    urls = [f"{address}/{number}" for number in range(count)]
    begin = time.perf_counter()
    answers = make(urls).load()
    at_once = time.perf_counter() - begin
    begin = time.perf_counter()
    with httpx.Client() as client:
        same = [client.get(url).content for url in urls]
    if answers != same or {len(one) for one in same} != {1000}:
        raise RuntimeError("the answers are not those of the server")
    report(at_once_s=at_once, one_by_one_s=time.perf_counter() - begin)


if __name__ == "__main__":
    main()
