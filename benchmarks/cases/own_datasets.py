"""The datasets of a project: many requests at once, and many images one by one."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from .. import projects
from ..bench import Bench
from ..measure import Row, Spread
from ..projects import PACKAGE, Project
from ..slow_server import free_port, wait_until_it_listens
from ..store import NothingMeasured

ROWS = ("requests", "images_memory")
AT_ONCE, ONE_BY_ONE = "AsyncAPIDataset", "httpx, one by one"
# A file system allows so many names of one file.
_LINKS = 10_000


def run(bench: Bench) -> list[Row]:
    """Measure in processes of the project; the web server is a process of its own."""
    packages = str(bench.baked / "requirements-data.txt")
    bench.environments.project.add_packages("-r", packages)
    place = bench.folder / "own_datasets"
    project = projects.generated(bench.baked, place / "project", bench.environments.project)
    projects.compile_project(project)
    rows = []
    if bench.wants("requests"):
        rows.append(_requests(bench, project))
    if bench.wants("images_memory"):
        rows.append(_images(bench, project, place / "images"))
    return rows


def _requests(bench: Bench, project: Project) -> Row:
    count = bench.size(1000, 100)
    times: dict[str, list[float]] = {AT_ONCE: [], ONE_BY_ONE: []}
    with _server(project) as address:
        for turn in range(bench.fewer):
            bench.progress(f"{count} requests, {turn + 1} of {bench.fewer}")
            found = project.probe("requests_at_once", PACKAGE, address, count)
            times[AT_ONCE].append(found["at_once_s"])
            times[ONE_BY_ONE].append(found["one_by_one_s"])
    pairs = zip(times[AT_ONCE], times[ONE_BY_ONE], strict=True)
    ratios = [at_once / one_by_one for at_once, one_by_one in pairs]
    return Row(
        "requests",
        f"{count} files of 1 kB from a web server that takes 20 ms / one by one",
        "x",
        {AT_ONCE: Spread.of(ratios, min(times[AT_ONCE]) / min(times[ONE_BY_ONE]))},
        dict(times),
        seconds=Spread.of(times[ONE_BY_ONE]),
        baseline=ONE_BY_ONE,
    )


@contextlib.contextmanager
def _server(project: Project) -> Iterator[str]:
    port = free_port()
    script = Path(__file__).parents[1] / "parts" / "small_files.py"
    server = subprocess.Popen([str(project.environment.python), str(script), str(port)])
    try:
        wait_until_it_listens(port, server)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=30)


def _images(bench: Bench, project: Project, folder: Path) -> Row:
    count, first = bench.size(100_000, 2_000), bench.size(1_000, 200)
    bench.progress(f"{count} images, read one by one")
    _make_images(project, folder, count)
    found = project.probe("images", PACKAGE, folder, first)
    if found["count"] != count:
        raise NothingMeasured(f"{found['count']} images were read.")
    return Row(
        "images_memory",
        f"peak of the memory while {count:,} images are read one by one, above the first {first:,}",
        "MB",
        {"IterableImagesDataset": Spread.of([found["all_mb"] - found["first_mb"]])},
        dict(found),
    )


def _make_images(project: Project, folder: Path, count: int) -> None:
    """Make images that are names of a few files, in folders of a thousand."""
    code = (
        "import sys, numpy; from PIL import Image\n"
        "for path in sys.argv[1:]:\n"
        "    pixels = numpy.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype='uint8')\n"
        "    Image.fromarray(pixels).save(path)\n"
    )
    folder.mkdir(parents=True)
    sources = [folder.parent / f"image-{number}.png" for number in range(-(-count // _LINKS))]
    project.python("-c", code, *map(str, sources))
    for number in range(count):
        place = folder / f"class-{number // 1000:03d}"
        if number % 1000 == 0:
            place.mkdir()
        os.link(sources[number // _LINKS], place / f"{number:06d}.png")
