"""Secrets are masked in every shape that they have, and nothing else is."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.harness.baked import BakedProject

PASSWORD = "hunter2-Tr0ub4dor"
NAMES = Path(__file__).with_name("param_names")


def names_in(file: str) -> list[str]:
    lines = (NAMES / file).read_text("utf8").splitlines()
    return [line for line in lines if not line.startswith("#")]


# Row 18 of issue 12.
def test_lists_of_names_are_long_and_apart() -> None:
    kept, masked = names_in("kept.txt"), names_in("masked.txt")
    assert len(kept) >= 100
    assert len(masked) >= 100
    assert len({*kept, *masked}) == len(kept) + len(masked)


def test_names_of_real_params_are_kept_and_of_secrets_masked(baked: BakedProject) -> None:
    looks_secret = baked.tracking("secret_names").looks_secret
    assert [name for name in names_in("kept.txt") if looks_secret(name)] == []
    assert [name for name in names_in("masked.txt") if not looks_secret(name)] == []


@pytest.mark.parametrize("name", ["pad_token", "band_pass", "max_tokens", "tokenizer"])
def test_param_of_a_language_model_is_kept_in_text(baked: BakedProject, name: str) -> None:
    redact = baked.tracking("redact").redact_text
    for text in (f"{name}=abc", f"{name}: abc", f'{{"{name}": "abc"}}', f"--{name} abc"):
        assert redact(text) == text


def test_numbers_and_switches(baked: BakedProject) -> None:
    """A number is a password, but no token; True, False and None are nothing to hide."""
    clean = baked.tracking("redact").redact_value
    given = {"password": 12345678, "token": 5, "auth": True, "secret": None, "n": 3}
    assert clean(given) == {"password": "***", "token": 5, "auth": True, "secret": None, "n": 3}


# Row 11 of issue 12: each shape, with a name that tells of it and no other hint.
TEXTS = [
    "password={}",
    "DB_PASSWORD={}",
    "--password={}",
    "--password {} --size 3",
    "--params=db.password={},size=3",
    "password: {}",
    "  - password: {}",
    '{{"user": "ann", "password": "{}"}}',
    "[{{'user': 'ann', 'password': '{}'}}]",
    '"{{\\"password\\": \\"{}\\"}}"',
    "connect(password='{}')",
    "password = '{}'",
    "Server=h;UID=sa;PWD={};Port=1",
    "postgresql://ann:{}@host/db",
    "https://host/x?token={}&n=1",
    "Authorization: Bearer {}",
    "{{'headers': {{'Authorization': 'Bearer {}'}}}}",
    "curl -H 'Authorization: Basic {}' https://host",
    "X-Api-Key: {}",
    "got 401 with bearer {}",
    "{{user: ann, password: {}}}",
    "-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----",
    '{{"blob": "line one\\nsecret_key: {}\\n"}}',
    "{{'blob': 'one\\n  token: {}\\nmore'}}",
    "{{'blob': 'token: {}'}}",
    "{{'blob': 'one\\ntoken = \"{}\"'}}",
    "said: one\\ntoken={} and more",
    "UserWarning: token: {}",
    "2026-01-01 12:00:00,123 - kedro.io - INFO - token: {}",
    '["train", "--token", "{}"]',
    "argv = ['train', '--api-key', '{}', '--size', '3']",
    '[\n  "--token",\n  "{}"\n]',
    "args: [--token, {}]",
    "args:\n  - --token\n  - {}\n  - --size",
]


@pytest.mark.parametrize("shape", TEXTS)
def test_secret_in_a_text_is_masked_where_its_name_stands(baked: BakedProject, shape: str) -> None:
    masked = baked.tracking("redact").redact_text(shape.format(PASSWORD))
    assert PASSWORD not in masked
    assert "***" in masked


@pytest.mark.parametrize("shape", TEXTS)
def test_masking_twice_changes_nothing(baked: BakedProject, shape: str) -> None:
    redact = baked.tracking("redact").redact_text
    once = redact(shape.format(PASSWORD))
    assert redact(once) == once


PLAIN = [
    "Loading token: none of them fits",
    "token = tokenizer.encode(text)",
    "def connect(password: str, token: str | None = None) -> None:",
    "password: ${oc.env:DB_PASSWORD}",
    "PWD=/home/ann/iris",
    "Basic authentication failed for bearer of the ring",
    "left out, for the names look secret: DB_TOKEN, DB_PASSWORD",
    "see http://host:5000/#/experiments/1@2",
    "2026-01-01 12:00:00,123 - kedro.io - INFO - Loading data from params:api_key",
    "give --token, or --password, and more [1]",
    '["--token", "--verbose"]',
    "{'path': 'C:\\nodes: x'}",
    "abfss://raw@lake.dfs.core.windows.net/cars.csv and wasbs://runs@lake.blob.core.windows.net",
]


@pytest.mark.parametrize("text", PLAIN)
def test_text_without_a_secret_stays(baked: BakedProject, text: str) -> None:
    assert baked.tracking("redact").redact_text(text) == text


VALUES: dict[str, Any] = {
    "nested": {"db": {"password": PASSWORD}},
    "list of dicts": [{"user": "ann", "password": PASSWORD}],
    "deep": {"a": [{"b": [{"api_key": PASSWORD}]}]},
    "list below": {"passwords": [PASSWORD, PASSWORD]},
    "mapping below": {"credentials": {"user": PASSWORD}},
    "headers": {"headers": {"Authorization": f"Bearer {PASSWORD}"}},
    "name and value": [{"name": "DB_PASSWORD", "value": PASSWORD}],
    "url": ["postgresql://ann:" + PASSWORD + "@host/db"],
    "text": {"note": f"use password={PASSWORD}"},
    "tuple": ({"token": PASSWORD},),
    "argv": {"steps": [["--size", "3", "--token", PASSWORD], ["--verbose"]]},
}


@pytest.mark.parametrize("shape", VALUES)
def test_secret_in_a_value_is_masked_and_found(baked: BakedProject, shape: str) -> None:
    redact = baked.tracking("redact")
    assert PASSWORD not in str(redact.redact_value(VALUES[shape]))
    assert type(redact.redact_value(VALUES[shape])) is type(VALUES[shape])
    if shape != "text":
        assert PASSWORD in redact.secrets_in(VALUES[shape])


def test_known_secret_is_masked_in_each_form_that_it_is_written_in(baked: BakedProject) -> None:
    redact = baked.tracking("redact")
    secret = 'p@ss/wörd "x"'
    known = redact.secrets_in({"password": secret})
    forms = [secret, json.dumps(secret), repr(secret), "p%40ss%2Fw%C3%B6rd%20%22x%22"]
    for form in forms:
        assert "rd" not in redact.redact_text(f"see {form} there", known)


def test_name_of_an_entry_in_credentials_is_no_secret(baked: BakedProject) -> None:
    entry = {"cars": {"type": "pandas.CSVDataset", "credentials": "dev_s3"}}
    assert baked.tracking("redact").secrets_in(entry) == ()


PARAMETERS = f"""\
# comment
size: 3  # of it
password: {PASSWORD}  # mine
db:
  - user: ann
    password: {PASSWORD}
  - {{user: bob, password: {PASSWORD}, x: 1}}
passwords:
  - {PASSWORD}
  - '{PASSWORD}'
private_key: |
  {PASSWORD}
  {PASSWORD}
credentials:
  more:
    a: {PASSWORD}
url: "postgres://ann:{PASSWORD}@host/db"
pad_token: "<pad>"
max_tokens: 5
"""


def test_yaml_stays_yaml(baked: BakedProject) -> None:
    masked = baked.tracking("redact_files").redact_document(PARAMETERS, "parameters.yml")
    assert PASSWORD not in masked
    before, after = yaml.safe_load(PARAMETERS), yaml.safe_load(masked)
    assert after.keys() == before.keys()
    assert after["db"][1] == {"user": "bob", "password": "***", "x": 1}
    assert (after["pad_token"], after["max_tokens"], after["size"]) == ("<pad>", 5, 3)
    assert "# mine" in masked or "# of it" in masked


def test_known_secret_leaves_yaml_readable(baked: BakedProject) -> None:
    text = f"note: {PASSWORD} and more\nlist:\n- {PASSWORD}\nflow: [{PASSWORD}, b]\n"
    redact = baked.tracking("redact_files").redact_document
    masked = redact(text, "a.yml", baked.tracking("redact").secrets_in({"password": PASSWORD}))
    assert PASSWORD not in masked
    assert yaml.safe_load(masked)["note"] == "*** and more"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".env", f"A=1\nexport API_KEY={PASSWORD}\n"),
        ("a.ini", f"[db]\npassword = {PASSWORD}\nsize = 3\n"),
        ("a.toml", f'[db]\npassword = "{PASSWORD}"\nsize = 3\n'),
        ("a.json", f'{{"password": "{PASSWORD}", "n": [1, 2]}}'),
        ("a.log", f"2026 - INFO - password={PASSWORD}\r\n"),
        ("traceback.txt", f"  File x\nValueError: no login with password={PASSWORD}\n"),
    ],
)
def test_kinds_of_files(baked: BakedProject, name: str, text: str) -> None:
    masked = baked.tracking("redact_files").redact_document(text, name)
    assert masked.replace("***", PASSWORD) == text
    assert PASSWORD not in masked
    if name == "a.json":
        assert json.loads(masked)["n"] == [1, 2]


PATCH = f"""\
# untracked: new.py
diff --git a/conf/base/parameters.yml b/conf/base/parameters.yml
--- a/conf/base/parameters.yml
+++ b/conf/base/parameters.yml
@@ -1,3 +1,4 @@
 size: 3
-password: old-{PASSWORD}
+password: {PASSWORD}
+secrets:
+  - {PASSWORD}
diff --git a/src/x.py b/src/x.py
@@ -1 +1,3 @@
-token = tokenizer.next()
+password = "{PASSWORD}"
+connect(password=given, token=token)
diff --git a/logo.png b/logo.png
GIT binary patch
literal 10
Rcmpassword=zzz
"""


def test_patch_is_masked_by_the_kind_of_each_file(baked: BakedProject) -> None:
    """Code and binary parts stay what they are, but for a secret in quotes: the patch applies."""
    masked = baked.tracking("redact_files").redact_document(PATCH, "git/uncommitted.patch")
    assert PASSWORD not in masked
    for line in (
        " size: 3",
        "-token = tokenizer.next()",
        "+connect(password=given, token=token)",
        "Rcmpassword=zzz",
        "# untracked: new.py",
    ):
        assert line in masked.splitlines()
    assert len(masked.splitlines()) == len(PATCH.splitlines())


REFERENCES = f"""\
diff --git a/conf/base/FILE b/conf/base/FILE
--- a/conf/base/FILE
+++ b/conf/base/FILE
@@ -1,3 +1,6 @@
 cars:
-  credentials: old_s3  # ours
+  credentials: dev_s3  # ours
+  credentials: "dev_s3"
+planes: {{type: x, credentials: dev_s3, y: 1}}
+  credentials: {PASSWORD}
+  password: dev_s3
+ships: {{credentials: dev_s3, password: {PASSWORD}}}
"""
KEPT_REFERENCES = (
    "-  credentials: old_s3  # ours",
    "+  credentials: dev_s3  # ours",
    '+  credentials: "dev_s3"',
    "+planes: {type: x, credentials: dev_s3, y: 1}",
)


@pytest.mark.parametrize(
    "name", ["catalog.yml", "catalog_cars.yaml", "catalog/x.yml", "mlflow.yml"]
)
def test_entry_that_kedro_is_told_to_take_stays_in_a_patch(baked: BakedProject, name: str) -> None:
    """`credentials: dev_s3` names an entry of credentials.yml: with it masked no patch applies."""
    patch = REFERENCES.replace("FILE", name)
    redact = baked.tracking("redact_files").redact_document
    masked = redact(patch, "git/uncommitted.patch", [PASSWORD])
    assert PASSWORD not in masked
    assert [line for line in KEPT_REFERENCES if line not in masked.splitlines()] == []
    assert "password: dev_s3" not in masked
    elsewhere = redact(REFERENCES.replace("FILE", "parameters.yml"), "git/uncommitted.patch")
    assert "dev_s3" not in elsewhere


KEY_PATCH = f"""\
diff --git a/conf/key.yml b/conf/key.yml
--- a/conf/key.yml
+++ b/conf/key.yml
@@ -1,2 +1,6 @@
 key: |
+  -----BEGIN PRIVATE KEY-----
+  {PASSWORD}
+
+  {PASSWORD}
+  -----END PRIVATE KEY-----
-  -----BEGIN PRIVATE KEY-----
@@ -9 +13 @@ {PASSWORD}
-  {PASSWORD}
\\ No newline at end of file
"""


@pytest.mark.parametrize("kind", ["yml", "py"])
def test_private_key_keeps_its_lines(baked: BakedProject, kind: str) -> None:
    patch = KEY_PATCH.replace("key.yml", f"key.{kind}")
    masked = baked.tracking("redact_files").redact_document(patch, "a.patch")
    assert masked.replace("'***'", "***") == (
        patch.replace(f"@@ {PASSWORD}", "@@").replace(PASSWORD, "***")
    )


CODE = [
    'log.info("password=XYZ host=h")',
    "f'{user} token=XYZ {host}'",
    'run(["train", "--token", "XYZ"])',
]
PLAIN_CODE = [
    'log.info("password=%s host=h", password)',
    'f"password={password} token={token!r}"',
    're.compile(r"password=\\S+|token=.*")',
    'parser.add_argument("--token", "-t", dest="token")',
    '@click.option("--db-password", "db_password")',
    'connect("host", password=password, token=get("a"))',
    'run(["--token", token])',
    "sep='=', token=token, end=''",
]


@pytest.mark.parametrize("line", CODE)
def test_literal_in_code_is_masked(baked: BakedProject, line: str) -> None:
    redact = baked.tracking("redact").redact_text
    assert redact(line, is_code=True) == line.replace("XYZ", "***")


@pytest.mark.parametrize("line", PLAIN_CODE)
def test_other_code_stays(baked: BakedProject, line: str) -> None:
    assert baked.tracking("redact").redact_text(line, is_code=True) == line


ANCHORED = """\
db_pwd: &anch x-Y1  # mine
plain: *anch
credentials: &both
  user: ann-Z
same: *both
args: [--token, a-1]
size: 3
"""


def test_yaml_with_an_anchor_on_a_secret_stays_yaml(baked: BakedProject) -> None:
    masked = baked.tracking("redact_files").redact_document(ANCHORED, "a.yml")
    assert yaml.safe_load(masked) == {
        "db_pwd": "***",
        "plain": "***",
        "credentials": {"user": "***"},
        "same": {"user": "***"},
        "args": ["--token", "***"],
        "size": 3,
    }


def test_file_of_no_known_kind_is_left_alone(baked: BakedProject, tmp_path: Path) -> None:
    files = baked.tracking("redact_files")
    for name in ("data.csv", "page.html", "model.pkl"):
        (tmp_path / name).write_text(f"password={PASSWORD}")
        assert files.redact_file(tmp_path / name, (PASSWORD,)) is None


def test_bytes_that_are_no_text_stay(baked: BakedProject, tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"\xff\xfe password=" + PASSWORD.encode() + b"\r\n\xff")
    masked = baked.tracking("redact_files").redact_file(path, ())
    assert masked == b"\xff\xfe password=***\r\n\xff"


HOSTILE = ["a-", "a.b", "\\", '"', "{a:", "password", "a=b=", "://a:", "'key':[", "-", "--a"]


@pytest.mark.parametrize("unit", HOSTILE)
@pytest.mark.parametrize("name", ["a.txt", "a.yml", "a.patch"])
def test_hostile_text_takes_no_time(baked: BakedProject, unit: str, name: str) -> None:
    """A pattern that goes back and forth would take hours here, or all of the stack."""
    text = "token " + unit * (200_000 // len(unit))
    redact = baked.tracking("redact_files").redact_document
    begin = time.process_time()
    redact(text, name)
    assert time.process_time() - begin < 5
