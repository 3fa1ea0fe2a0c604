"""Inputs that lie in stores and databases: what MLflow holds of them. The stores are real ones."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.faults.lab import Lab
from tests.harness.s3 import S3

from .given import give_inputs, inputs_of, run, tags_of


@pytest.fixture
def lab(bare: Lab, s3: S3) -> Lab:
    return give_inputs(bare, {"dev_s3": s3.credentials})


def table(s3: S3, key: str = "raw/table.csv", **more: Any) -> dict[str, Any]:
    path = f"s3://{s3.bucket}/{key}"
    return {"type": "pandas.CSVDataset", "filepath": path, "credentials": "dev_s3", **more}


def test_digest_of_an_object_is_its_etag(lab: Lab, s3: S3) -> None:
    """Another content of the same size and date has another digest, an untouched one the same."""
    etag = s3.put("raw/table.csv", b"a,b\n1,2\n")["ETag"].strip('"')
    catalog = {"table": table(s3)}
    first, output = run(lab, catalog)
    found = inputs_of(first)["table"]
    assert found.digest == etag
    assert found.source_type == "s3"
    assert json.loads(found.source) == {"uri": f"s3://{s3.bucket}/raw/table.csv"}
    profile = json.loads(found.profile)
    assert (profile["etag"], profile["size_bytes"], profile["num_rows"]) == (etag, 8, 1)
    assert [one["name"] for one in json.loads(found.schema)["mlflow_colspec"]] == ["a", "b"]
    assert "is not recorded" not in output
    again, _ = run(lab, catalog)
    assert inputs_of(again)["table"].digest == etag
    # The digest has no time in it, which S3 tells to the second.
    other = s3.put("raw/table.csv", b"a,b\n1,3\n")["ETag"].strip('"')
    changed, _ = run(lab, catalog)
    assert inputs_of(changed)["table"].digest == other != etag


@pytest.mark.parametrize("runner", ["ThreadRunner", "ParallelRunner"])
def test_digest_comes_from_other_threads_and_processes(lab: Lab, s3: S3, runner: str) -> None:
    """A worker process waits for the answer, however short its node is."""
    etag = s3.put("raw/table.csv", b"a,b\n1,2\n")["ETag"].strip('"')
    entry = table(s3)
    if runner == "ParallelRunner":  # Kedro can't hand a dataset of its own on S3 to a process
        entry = {**entry, "type": "plain.tracking.MLflowDataset", "dataset": "csv"}
    found, output = run(lab, {"table": entry}, "--runner", runner)
    assert inputs_of(found)["table"].digest == etag, output


def test_digest_where_the_bucket_keeps_versions_is_the_version(lab: Lab, s3: S3) -> None:
    s3.keep_versions()
    version = s3.put("raw/table.csv", b"a,b\n1,2\n")["VersionId"]
    found = inputs_of(run(lab, {"table": table(s3)})[0])["table"]
    assert found.digest == version
    assert json.loads(found.profile)["version_id"] == version


def test_digest_of_partitions_is_over_the_etags_of_those_that_were_loaded(lab: Lab, s3: S3) -> None:
    entry = {
        "type": "partitions.PartitionedDataset",
        "path": f"s3://{s3.bucket}/parts",
        "filename_suffix": ".csv",
        "credentials": "dev_s3",
        "dataset": {"type": "pandas.CSVDataset", "credentials": "dev_s3"},
    }
    for name in ("a.csv", "deep/b.csv", "note.md"):
        s3.put(f"parts/{name}", b"x\n1\n")

    def digest() -> str:
        found = inputs_of(run(lab, {"parts": entry})[0])["parts"]
        profile = json.loads(found.profile)
        assert (profile["num_parts"], profile["size_bytes"]) == (2, 8)
        return str(found.digest)

    first = digest()
    assert len(first) == 32
    s3.put("parts/note.md", b"not loaded")
    s3.put("parts/a.csv", b"x\n1\n")
    assert digest() == first
    s3.put("parts/deep/b.csv", b"x\n2\n")
    assert digest() != first


@pytest.mark.parametrize("how", ["loaded", "pinned"])
def test_version_of_a_versioned_dataset_is_in_the_run(lab: Lab, s3: S3, how: str) -> None:
    etags = {}
    for version in ("2026-01-01T00.00.00.000Z", "2026-02-01T00.00.00.000Z"):
        content = f"a\n{version}\n".encode()
        etags[version] = s3.put(f"raw/v.csv/{version}/v.csv", content)["ETag"].strip('"')
    wanted = min(etags) if how == "pinned" else max(etags)
    options = ("--load-versions", f"v:{wanted}") if how == "pinned" else ()
    total = {"type": "json.JSONDataset", "filepath": "data/total.json", "versioned": True}
    entries = {"v": table(s3, "raw/v.csv", versioned=True)}
    (lab.root / "conf/base/catalog_out.yml").write_text(yaml.safe_dump({"total": total}))
    found, _ = run(lab, entries, *options)
    dataset = inputs_of(found)["v"]
    assert dataset.digest == etags[wanted]
    uri = f"s3://{s3.bucket}/raw/v.csv/{wanted}/v.csv"
    assert json.loads(dataset.source)["uri"] == uri
    assert tags_of(found, "v")["kedro.version"] == wanted
    assert found.data.tags["kedro.load_version.v"] == wanted
    (saved,) = (lab.root / "data/total.json").iterdir()
    assert found.data.tags["kedro.save_version.total"] == saved.name


def test_versioned_file_of_this_machine_has_the_digest_of_its_version(lab: Lab) -> None:
    from hashlib import sha256

    for version, text in (("2026-01-01T00.00.00.000Z", "old"), ("2026-02-01T00.00.00.000Z", "new")):
        path = lab.root / "data/01_raw/v.txt" / version / "v.txt"
        path.parent.mkdir(parents=True)
        path.write_text(text)
    entry = {"type": "text.TextDataset", "filepath": "data/01_raw/v.txt", "versioned": True}
    found, _ = run(lab, {"v": entry}, "--load-versions", "v:2026-01-01T00.00.00.000Z")
    assert inputs_of(found)["v"].digest == sha256(b"old").hexdigest()[:32]
    assert tags_of(found, "v")["kedro.version"] == "2026-01-01T00.00.00.000Z"


def test_object_that_may_not_be_asked_is_said_once_and_fails_nothing(lab: Lab, s3: S3) -> None:
    """Gone between its load and the question, as one whose properties may not be read."""
    s3.put("raw/table.csv", b"a,b\n1,2\n")
    lab.project.edit("src/plain/pipeline.py", "import os\n", f"import os\n{REFUSED}")
    found, output = run(lab, {"table": table(s3)})
    assert found.data.metrics["total"] == 1
    said = [line for line in output.splitlines() if "of the input 'table'" in line]
    assert len(said) == 1, output
    assert "let the credentials of its dataset read the object's properties" in output
    dataset = inputs_of(found)["table"]
    assert dataset.digest.startswith("stat-")
    assert json.loads(dataset.profile)["num_rows"] == 1


# Where a question comes from a thread of the layer's, and not from the load.
REFUSED = """
import threading
import time

import s3fs

_info = s3fs.S3FileSystem.info


def info(self, *args, refresh=False, **more):
    if threading.current_thread().name.startswith("mlflow-ask"):
        if os.environ.get("LAB_HANGS"):
            time.sleep(60)
        raise PermissionError("Forbidden")
    return _info(self, *args, **more)


s3fs.S3FileSystem.info = info
"""


def test_store_that_hangs_holds_up_no_node_and_the_end_for_seconds(lab: Lab, s3: S3) -> None:
    s3.put("raw/table.csv", b"a,b\n1,2\n")
    lab.project.edit("src/plain/pipeline.py", "import os\n", f"import os\n{REFUSED}")
    lab.env["LAB_HANGS"] = "1"
    begun = time.monotonic()
    found, output = run(lab, {"table": table(s3)})
    assert time.monotonic() - begun < 25
    assert found.data.metrics["_time_to_run measure -- total"] < 1
    assert "the store did not answer within 5 s" in output
    assert "look whether the store can be reached" in output
    assert inputs_of(found)["table"].digest.startswith("stat-")


class _Quiet(SimpleHTTPRequestHandler):
    """Files of a folder with an ETag that the test sets."""

    etag = '"v1"'

    def end_headers(self) -> None:
        self.send_header("ETag", self.etag)
        super().end_headers()

    def send_head(self) -> Any:
        self.path = self.path.partition("?")[0]
        return super().send_head()

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "web").mkdir()
    (tmp_path / "web/table.csv").write_text("a\n1\n")
    handler = partial(_Quiet, directory=str(tmp_path / "web"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_digest_of_a_page_is_its_etag_and_its_signature_is_masked(lab: Lab, web: str) -> None:
    url = f"{web}/table.csv?year=2020&X-Amz-Signature=hunter2hunter2"
    found, output = run(lab, {"page": {"type": "pandas.CSVDataset", "filepath": url}})
    dataset = inputs_of(found)["page"]
    assert dataset.digest == "v1", output
    assert dataset.source_type == "http"
    told = json.loads(dataset.source)["url"]
    assert told == f"{web}/table.csv?year=2020&X-Amz-Signature=***"


def test_object_in_memory_has_the_digest_of_its_content(lab: Lab) -> None:
    from hashlib import sha256

    written = "import fsspec\n\nfsspec.filesystem('memory').pipe_file('/raw/t.txt', b'words')\n"
    lab.project.edit("src/plain/pipeline.py", "import os\n", f"import os\n\n{written}")
    entry = {"type": "text.TextDataset", "filepath": "memory:///raw/t.txt"}
    found, _ = run(lab, {"t": entry})
    assert inputs_of(found)["t"].digest == sha256(b"words").hexdigest()[:32]
