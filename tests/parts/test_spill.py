"""What a pod could not export comes home: `KEDRO_MLFLOW_SPILL`, `sync --from`, and `end`."""

from __future__ import annotations

import re
import shutil
import signal
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.lab import SRC, Ended, Lab
from tests.faults.picture import Picture, picture_of
from tests.faults.server import Proxy, Server
from tests.harness.artifact_servers import ArtifactServer, rclone
from tests.harness.baked import BakedProject

from .whole import NODES, begin, end, part, part_file, run_of, start_part, without_parts

SPILL, DOWN = "KEDRO_MLFLOW_SPILL", {"MLFLOW_TRACKING_URI": "http://127.0.0.1:9"}
SUFFIX = ".journal.zip"
SECRET = "pw-of-the-lab-4711"


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ArtifactServer]:
    """S3, and this process with what its clients need."""
    pytest.importorskip("s3fs")
    with rclone(tmp_path_factory.mktemp("s3")) as running, pytest.MonkeyPatch.context() as at:
        for name, value in running.env.items():
            at.setenv(name, value)
        yield running


@pytest.fixture
def bucket(s3: ArtifactServer, lab: Lab, request: pytest.FixtureRequest) -> str:
    """A folder of a bucket, and the lab with its keys; endpoint and keys as s3fs reads them."""
    endpoint = s3.env["MLFLOW_S3_ENDPOINT_URL"]
    lab.env.update(s3.env, AWS_ENDPOINT_URL=endpoint)
    request.getfixturevalue("monkeypatch").setenv("AWS_ENDPOINT_URL", endpoint)
    return f"{s3.location}/spilled/{request.node.name}"


def keys_at(url: str) -> list[str]:
    """Return the names of what lies at a place, read by fsspec itself."""
    import fsspec  # type: ignore[import-untyped]

    system, path = fsspec.core.url_to_fs(url)
    system.invalidate_cache()
    found = system.ls(path, detail=False) if system.exists(path) else []
    return sorted(Path(name).name for name in found)


def run_down(lab: Lab, url: str, **more: str) -> Ended:
    """Run the whole lab while its store is away."""
    return lab.run(env={**DOWN, SPILL: url, "LAB_WAIT": "2", **more})


def test_three_parts_without_a_server_come_home_at_the_end(
    lab: Lab, server: Server, bucket: str, sequential: Picture
) -> None:
    with Proxy(server.port) as proxy:
        lab.env.update({"MLFLOW_TRACKING_URI": proxy.uri, "LAB_WAIT": "2", SPILL: bucket})
        run_id = begin(lab, "spilled")
        proxy.set("refuse")
        for node in NODES[:3]:
            done = part(lab, run_id, node)
            assert f"spilled to: {bucket}" in done.output
            assert f"sync --from {bucket}" in done.output
            assert lab.waiting() == []
        assert len(keys_at(bucket)) == 3
        proxy.set("pass")
        for node in NODES[3:]:
            part(lab, run_id, node)
        assert {part_file(lab, run_id, node)["state"] for node in NODES[3:]} == {"FINISHED"}
        told = end(lab, "spilled")
        assert "status: FINISHED" in told
        assert "note" not in told
        assert keys_at(bucket) == []
        assert without_parts(picture_of(server.uri, run_of(lab, run_id))) == sequential
    assert lab.waiting() == []


def test_sync_from_exports_and_removes(lab: Lab, tmp_path: Path) -> None:
    """On a disk that all have; what is no journal stays, and is named."""
    place = tmp_path / "all have it" / "spilled"
    done = run_down(lab, str(place))
    assert done.code == 0, done.output
    (name,) = keys_at(str(place))
    assert name.endswith(SUFFIX)
    assert lab.waiting() == []
    whole = (place / name).read_bytes()
    (place / f"20200101T000000-half{SUFFIX}").write_bytes(whole[: len(whole) // 2])
    (place / f"{name}.0123.partial").write_bytes(whole[:100])
    with zipfile.ZipFile(place / f"20200101T000001-evil{SUFFIX}", "w") as archive:
        archive.writestr("run.json", "{}")
        archive.writestr("../../evil.txt", "evil")

    lab.env["MLFLOW_TRACKING_URI"] = lab.project.store
    command = ("kedro", "mlflow", "sync", "--from", str(place))
    # Its journal names the server that it was to go to.
    synced = lab.project.run(*command, env=lab.env, code=None)
    told = synced.stdout + synced.stderr
    assert synced.returncode == 1
    assert "half: it is no archive of a journal" in told
    assert "evil: it names '../../evil.txt', outside of a journal; it stays at" in told
    assert "refuses connections" in told
    assert len(keys_at(str(place))) == 4
    assert not list(tmp_path.rglob("evil.txt"))
    assert lab.waiting() == []


def test_store_that_is_back_gets_all_of_it(
    lab: Lab, server: Server, bucket: str, sequential: Picture
) -> None:
    with Proxy(server.port) as proxy:
        lab.env["MLFLOW_TRACKING_URI"] = proxy.uri
        proxy.set("refuse")
        done = lab.run(env={SPILL: bucket, "LAB_WAIT": "2"})
        assert f"spilled to: {bucket}" in done.output
        shutil.rmtree(lab.root / ".mlflow-journal")  # as the pod's disk does
        proxy.set("pass")
        synced = lab.project.run("kedro", "mlflow", "sync", "--from", bucket, env=lab.env)
        assert re.search(r"exported as run \S+ \((\w{32})\)", synced.stdout)
        (run_id,) = re.findall(r"\((\w{32})\)", synced.stdout)
        assert picture_of(server.uri, run_of(lab, run_id)).shape() == sequential
        again = lab.project.run("kedro", "mlflow", "sync", "--from", bucket, env=lab.env)
        assert f"No run waits at {bucket}." in again.stdout
    assert keys_at(bucket) == []


def test_place_that_takes_nothing_keeps_the_journal_here(
    lab: Lab, s3: ArtifactServer, bucket: str
) -> None:
    s3.wire.cut()
    try:
        done = run_down(lab, bucket)
    finally:
        s3.wire.mend()
    assert done.code == 0, done.output
    assert "waiting on disk" in done.output
    assert f"not spilled to {SPILL}: {bucket} cannot" in done.output
    assert len(lab.waiting()) == 1
    assert keys_at(bucket) == []


def test_required_export_fails_a_run_that_has_nowhere_to_go(lab: Lab, tmp_path: Path) -> None:
    config = f"{SRC}/mlflow/mlflow_config.py"
    before = "        export_wait="
    lab.project.edit(config, before, f"        export_required=True,\n{before}")
    done = lab.run(env={**DOWN, "LAB_WAIT": "2"})
    assert done.code == 1
    assert "not in MLflow yet, which export_required=True asks for" in done.output
    assert "refuses connections" in done.output
    assert len(lab.waiting()) == 1
    # The pipeline's own error is the one that counts.
    failed = lab.run(env={**DOWN, "LAB_WAIT": "2", "LAB_FAULT": "raise"})
    assert failed.last_error() == "ValueError: the lab's own error"

    spilled = run_down(lab, str(tmp_path / "spilled"))
    assert spilled.code == 0, spilled.output
    assert lab.run().code == 0


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("s4://bucket/folder", "fsspec knows no 's4'"),
        ("memory://spilled", "is lost as its process ends"),
        ("s3:/bucket/folder", "is no URL, which begins with s3://"),
        ("spilled/here", "is neither an absolute path nor a URL"),
        ("s3://", "names no bucket or folder"),
        ("https://example.org/spilled", "can only be read"),
        ("oss://user:pw-of-the-lab-4711@bucket/x", "the package ossfs, which is not installed"),
    ],
)
def test_bad_url_is_told_before_the_first_node(lab: Lab, url: str, told: str) -> None:
    done = lab.run(env={SPILL: url})
    assert done.code == 1
    assert told in done.output
    assert f"{SPILL}=" in done.output
    assert "Running node" not in done.output
    assert SECRET not in done.output


def test_place_that_is_not_there_is_told(lab: Lab, s3: ArtifactServer, bucket: str) -> None:
    """A mistyped one is no empty one."""

    def told(place: str, code: int = 0) -> str:
        command = ("kedro", "mlflow", "sync", "--from", place)
        done = lab.project.run(*command, env=lab.env, code=code)
        return done.stdout + done.stderr

    assert f"No run waits at {bucket}." in told(bucket)
    assert "No run waits at /no/such, which is not there, or not yet." in told("/no/such")
    assert "there is no 'no-such-bucket'" in told("s3://no-such-bucket/x", code=1)
    assert "is no URL, which begins with s3://" in told("s3:/bucket", code=1)
    assert "--from is empty" in told(" ", code=2)
    (lab.root / "spilled").mkdir()
    assert f"No run waits at {lab.root / 'spilled'}." in told("spilled")
    shown = lab.project.run("kedro", "mlflow", "status", env={**lab.env, SPILL: bucket}).stdout
    assert f"`kedro mlflow sync --from {bucket}` does." in shown


def test_run_stays_open_while_nobody_knows_what_was_spilled(
    lab: Lab, s3: ArtifactServer, bucket: str
) -> None:
    import fsspec

    run_id = begin(lab, "unknown")
    part(lab, run_id, "shout")
    lab.env[SPILL] = bucket
    command = ("kedro", "mlflow", "end", "unknown")
    s3.wire.cut()
    try:
        done = lab.project.run(*command, env=lab.env, code=1)
    finally:
        s3.wire.mend()
    assert "the run stays open, for what is not in MLflow yet may say how it" in done.stderr
    assert "nobody knows whether parts were spilled" in done.stderr
    assert run_of(lab, run_id).info.status == "RUNNING"

    with fsspec.open(f"{bucket}/20200101T000000-half--{run_id}{SUFFIX}", "wb") as file:
        file.write(b"half")
    done = lab.project.run(*command, env=lab.env, code=1)
    assert "it is no archive of a journal" in done.stderr
    assert run_of(lab, run_id).info.status == "RUNNING"
    told = end(lab, "unknown", "--status", "FINISHED")
    assert "a part that was spilled waits" in told
    assert run_of(lab, run_id).info.status == "FINISHED"


def test_without_the_room_it_is_told_before_the_first_node(lab: Lab, tmp_path: Path) -> None:
    shutil.rmtree(lab.root / SRC / "tracking" / "spill")
    done = lab.run(env={SPILL: str(tmp_path)})
    assert done.code == 1
    assert "optional room `spill/`" in done.output
    command = ("kedro", "mlflow", "sync", "--from", str(tmp_path))
    synced = lab.project.run(*command, env=lab.env, code=None)
    assert "optional room `spill/`" in synced.stderr
    assert lab.run().code == 0


def test_terminated_part_is_spilled_in_time(lab: Lab, server: Server, tmp_path: Path) -> None:
    """SIGTERM, as `docker stop` says it, while no store answers."""
    with Proxy(server.port) as proxy:
        lab.env.update({"MLFLOW_TRACKING_URI": proxy.uri, SPILL: str(tmp_path / "spilled")})
        run_id = begin(lab, "terminated")
        started = start_part(lab, run_id, "check", env={"LAB_FAULT": "hang"})
        started.wait_for_node()
        proxy.set("hang")
        asked = time.monotonic()
        started.signal(signal.SIGTERM)
        done = started.wait()
        # The 8 seconds of the engine, and those of a machine that does other things beside.
        assert time.monotonic() - asked < 12, done.output
        assert "spilled to" in done.output
        proxy.set("pass")
        assert "status: FAILED" in end(lab, "terminated")
        assert part_file(lab, run_id, "check")["state"] == "KILLED"
    assert keys_at(str(tmp_path / "spilled")) == []


def test_killed_pipeline_is_spilled_by_its_exporter(lab: Lab, tmp_path: Path) -> None:
    place = tmp_path / "spilled"
    # A resident would be taken for what is left over of it.
    env = {**DOWN, SPILL: str(place), "LAB_FAULT": "suicide", "KEDRO_MLFLOW_LINGER": "0"}
    started = lab.start(env=env)
    started.wait(orphans=60)
    (name,) = keys_at(str(place))
    assert name.endswith(SUFFIX)
    assert lab.waiting() == []


def test_archive_has_what_events_name_and_no_secret(lab: Lab, tmp_path: Path) -> None:
    """A file whose secrets are masked in a copy: the copy goes, and the file stays behind."""
    (lab.root / "data/01_raw/words.txt").write_text("the quick brown fox\n")
    lab.project.edit(
        f"{SRC}/pipelines/lab/nodes.py",
        "    return words.upper(), {",
        f'    return words.upper() + "\\npassword: {SECRET}\\n", {{',
    )
    (lab.root / "conf/local/credentials.yml").write_text(f"db:\n  password: {SECRET}\n")
    place = tmp_path / "spilled"
    done = run_down(lab, str(place))
    assert done.code == 0, done.output
    (name,) = keys_at(str(place))
    with zipfile.ZipFile(place / name) as archive:
        names = archive.namelist()
        contents = [archive.read(one) for one in names]
    assert not [one for one in contents if SECRET.encode() in one]
    assert [one for one in names if one.endswith("/loud.txt")]
    assert not [one for one in names if one.endswith(".lock") or one.startswith("names/")]


def test_half_an_upload_is_no_journal(baked: BakedProject, tmp_path: Path) -> None:
    """What breaks while it is written is not there, and takes nothing away here."""
    module = baked.tracking("spill.place")
    place = module.SpillPlace(str(tmp_path / "spilled"))

    def write(stream: Any) -> None:
        stream.write(b"half")
        raise OSError("cut off")

    with pytest.raises(module.SpillPlaceError, match="cut off"):
        place.put("a-run", write)
    assert place.names() == []
    place.put("b-run", lambda stream: stream.write(b"whole"))
    assert place.names() == ["b-run"]
    assert [path.name for path in (tmp_path / "spilled").iterdir()] == [f"b-run{SUFFIX}"]
    place.remove("b-run")
    place.remove("b-run")
    assert place.names() == []
