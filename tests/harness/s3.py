"""An S3 on the loopback, in the test's own process: moto's server, and what tests ask of it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

KEY, SECRET, REGION = "test-access-key", "test-secret-key", "us-east-1"


@dataclass(frozen=True)
class S3:
    """A bucket of a running server.

    Args:
        endpoint: the server's URL.
        bucket: its name.
        client: a boto3 client of the server.
    """

    endpoint: str
    bucket: str
    client: Any

    def put(self, key: str, content: bytes) -> dict[str, Any]:
        """Write an object; returns what the server says of it, `VersionId` and `ETag`."""
        return dict(self.client.put_object(Bucket=self.bucket, Key=key, Body=content))

    def keys(self, prefix: str = "") -> list[str]:
        """The keys of the bucket's objects."""
        found = self.client.list_objects_v2(Bucket=self.bucket, Prefix=prefix)
        return [one["Key"] for one in found.get("Contents", [])]

    def keep_versions(self) -> None:
        """Turn the bucket's versioning on."""
        status = {"Status": "Enabled"}
        self.client.put_bucket_versioning(Bucket=self.bucket, VersioningConfiguration=status)

    @property
    def credentials(self) -> dict[str, Any]:
        """What `credentials.yml` says of it, for s3fs."""
        where = {"endpoint_url": self.endpoint, "region_name": REGION}
        return {"key": KEY, "secret": SECRET, "client_kwargs": where}


@contextmanager
def s3_server() -> Iterator[str]:
    """Run a server on a free port of the loopback; yields its URL."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def new_bucket(endpoint: str) -> S3:
    """Make a bucket with a name that no other test has."""
    import boto3

    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
        region_name=REGION,
    )
    bucket = f"bucket-{uuid4().hex[:12]}"
    client.create_bucket(Bucket=bucket)
    return S3(endpoint, bucket, client)


@pytest.fixture(scope="module")
def s3_endpoint() -> Iterator[str]:
    """The URL of a server that the tests of a module share."""
    pytest.importorskip("moto", reason="needs moto[s3], an S3 of the test's own")
    pytest.importorskip("s3fs", reason="needs s3fs, which Kedro reads S3 with")
    with s3_server() as url:
        yield url


@pytest.fixture
def s3(s3_endpoint: str) -> S3:
    """A bucket of the test's own."""
    return new_bucket(s3_endpoint)
