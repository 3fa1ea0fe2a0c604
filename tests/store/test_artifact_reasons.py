"""What is wrong with a store of artifacts is one sentence with the remedy."""

from __future__ import annotations

import pytest

from tests.harness.baked import BakedProject

S3, GCS = "s3://a-bucket-of-the-team/iris", "gs://bucket/iris"
AZURE, LAKE = "wasbs://box@account.blob.core.windows.net/iris", "abfss://box@account.dfs.net/iris"
HDFS, SFTP = "hdfs://namenode:8020/iris", "sftp://host:2222/iris"
CORRECT = "in the environment or in mlflow.yml's entry of credentials.yml"
REFUSED = f"refuses the credentials: correct them {CORRECT}"
AWAY = "refuses connections or cannot be reached: start it, or correct its address"
MISSING = "does not exist: make it, or correct `artifact_location`"


def error(name: str, text: str) -> Exception:
    """An error as a client of a store raises it; its package need not be here."""
    kind: type[Exception] = type(name, (Exception,), {})
    return kind(text)


# What the clients raise, their own words; and what is told after the store's name.
SAID = [
    (S3, "ClientError", "An error occurred (NoSuchBucket) when calling PutObject: x", MISSING),
    (AZURE, "ResourceNotFoundError", "The specified container does not exist.", MISSING),
    (LAKE, "ResourceNotFoundError", "The specified filesystem does not exist.", MISSING),
    (S3, "ClientError", "An error occurred (InvalidAccessKeyId) when calling PutObject", REFUSED),
    (S3, "ClientError", "An error occurred (SignatureDoesNotMatch) when calling it", REFUSED),
    (
        AZURE,
        "ClientAuthenticationError",
        "Server failed to authenticate the request. Make sure the value of Authorization header "
        "is formed correctly including the signature.\nErrorCode:AuthenticationFailed",
        REFUSED,
    ),
    # Of Azurite.
    (
        AZURE,
        "HttpResponseError",
        "Server failed to authenticate the request. Make sure the value of the Authorization "
        "header is formed correctly including the signature.\nErrorCode:AuthorizationFailure",
        REFUSED,
    ),
    (
        LAKE,
        "ClientAuthenticationError",
        "Authentication failed: AADSTS7000215: Invalid client secret provided.",
        REFUSED,
    ),
    (GCS, "RefreshError", "('invalid_grant: Invalid JWT Signature.', {})", REFUSED),
    (
        AZURE,
        "Error",
        "Incorrect padding",
        "the credentials for wasbs://box@account.blob.core.windows.net are no whole ones: correct "
        f"them {CORRECT}",
    ),
    (
        S3,
        "NoCredentialsError",
        "Unable to locate credentials",
        "no credentials for s3://a-bucket-of-the-team are found: set AWS_ACCESS_KEY_ID and "
        f"AWS_SECRET_ACCESS_KEY {CORRECT}",
    ),
    (
        LAKE,
        "ClientAuthenticationError",
        "DefaultAzureCredential failed to retrieve a token from the included credentials.",
        "no credentials for abfss://box@account.dfs.net are found: set AZURE_CLIENT_ID, "
        f"AZURE_TENANT_ID and AZURE_CLIENT_SECRET {CORRECT}",
    ),
    (
        GCS,
        "DefaultCredentialsError",
        "Your default credentials were not found.",
        "no credentials for gs://bucket are found: set GOOGLE_APPLICATION_CREDENTIALS " + CORRECT,
    ),
    (
        HDFS,
        "OSError",
        "HDFS create failed: java.io.IOException: GSS initiate failed",
        "no credentials for hdfs://namenode:8020 are found: get a Kerberos ticket with `kinit`",
    ),
    (
        S3,
        "ClientError",
        "An error occurred (ExpiredToken)",
        "the login at s3://a-bucket-of-the-team is expired: log in again",
    ),
    (
        AZURE,
        "HttpResponseError",
        "This request is not authorized\nErrorCode:AuthorizationFailure",
        "allows no writing with these credentials: permit it there, or use others",
    ),
    (
        S3,
        "SSLError",
        "SSL validation failed for https://x",
        "the certificate of s3://a-bucket-of-the-team is not trusted: set AWS_CA_BUNDLE to its "
        "authority's file",
    ),
    (S3, "EndpointConnectionError", "Could not connect to the endpoint URL: x", AWAY),
    (HDFS, "OSError", "failed: java.net.UnknownHostException: namenode", AWAY),
    (SFTP, "ConnectionException", "('host', 2222)", AWAY),
    (
        SFTP,
        "AuthenticationException",
        "Authentication failed.",
        "refuses the login: correct the user and `IdentityFile` (an RSA key in PEM form) in "
        "~/.ssh/config",
    ),
    (
        SFTP,
        "SSHException",
        "No hostkey for host host found.",
        "~/.ssh/known_hosts has no host key of host: add a line that begins with host, also where "
        "the port is not 22 (`[host]:port` is not looked at)",
    ),
    (
        "oss://bucket/x",
        "MlflowException",
        "Could not find a registered artifact repository for: oss://bucket/x. Currently …",
        "MLflow knows no store of artifacts like oss://bucket: `artifact_location` begins with "
        "s3, gs, wasbs, abfss, hdfs, sftp, or is a folder",
    ),
]


@pytest.mark.parametrize(("location", "name", "text", "told"), SAID)
def test_one_sentence_with_the_remedy(
    location: str, name: str, text: str, told: str, baked: BakedProject
) -> None:
    reasons = baked.tracking("store.artifact_reasons")
    said = reasons.artifact_reason(error(name, text), location)
    begins = told.startswith(("the ", "no ", "MLflow ", "~"))
    assert said == (told if begins else f"{reasons.place_of(location)} {told}")
    # The panel says it of artifacts and of models.
    each = [f"models: {said}", *[f"artifacts: {said}"] * 9]
    panel = baked.tracking("store.reasons").summed_up(each)
    assert len(panel) < 400


def test_store_behind_a_server_is_one_reason(baked: BakedProject) -> None:
    """A server answers 500 for its own store, or not in time: one cause, said one way."""
    reasons = baked.tracking("store.artifact_reasons")
    fault = baked.tracking("store.reasons").StoreError
    place = "mlflow-artifacts:/1/ab/artifacts"
    hangs = error("ConnectionError", "Max retries exceeded (Caused by Read timed out. (x=20))")
    behind = reasons.artifact_reason(fault("the MLflow server answers 500: Internal"), place)
    assert behind.startswith("the MLflow server takes no artifacts: its own store of them may be")
    assert {reasons.artifact_reason(hangs, place), reasons.no_answer(place)} == {behind}
    refused = reasons.artifact_reason(error("ConnectionError", "Connection refused"), place)
    assert refused == "the MLflow server refuses connections"
