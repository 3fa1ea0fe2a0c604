"""Secrets: passwords and tokens stay where they are."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
import yaml

from .lab import SRC, Ended, Lab
from .picture import only_run, picture_of, text_of
from .server import Proxy, Server

PASSWORD = "hunter2-Tr0ub4dor"
TOKEN = "tok-9f8e7d6c5b4a"


def places_with(lab: Lab, secret: str, done: Ended, skip: tuple[str, ...] = ()) -> list[str]:
    """Name every file of the project (store, journal, logs, artifacts) and output that has the secret."""
    found = ["the output"] if secret in done.output else []
    needle = secret.encode()
    for path in lab.root.rglob("*"):
        name = path.relative_to(lab.root).as_posix()
        if path.is_file() and not name.startswith(("src/", *skip)) and needle in path.read_bytes():
            found.append(name)
    return found


def test_credentials_in_the_tracking_uri(lab: Lab, server: Server) -> None:
    """The password of a tracking URI is in no log, panel, journal or MLflow entry, though it is used;
    kept journals do not have it either."""
    with Proxy(server.port) as proxy:
        uri = f"http://ann:{PASSWORD}@127.0.0.1:{proxy.port}"
        env = {
            "MLFLOW_TRACKING_URI": uri,
            "MLFLOW_EXPERIMENT_NAME": "secret-uri",
            "KEDRO_MLFLOW_KEEP_JOURNAL": "true",
        }
        done = lab.run(env=env)
        assert done.code == 0, done.output
        assert "FINISHED" in done.output
        assert proxy.requests
    assert places_with(lab, PASSWORD, done) == []
    assert PASSWORD.encode() not in (server.folder / "server.db").read_bytes()


def test_credentials_of_a_database_that_refuses(lab: Lab) -> None:
    """A database URL with a password that cannot be reached: panel, status and journal mask it."""
    uri = f"mysql+pymysql://ann:{PASSWORD}@127.0.0.1:9/db?ssl_key={TOKEN}&password={TOKEN}"
    env = {"MLFLOW_TRACKING_URI": uri, "LAB_WAIT": "8"}
    done = lab.run(env=env)
    assert done.code == 0, done.output
    assert "waiting on disk" in done.output
    assert places_with(lab, PASSWORD, done) == []
    status = lab.run("kedro", "mlflow", "status", env=env)
    assert status.code == 0
    assert "ann" not in status.output
    assert places_with(lab, PASSWORD, status) == []
    refused = lab.sync(code=1)
    assert "password is not kept" in refused.output


def test_credentials_file(lab: Lab) -> None:
    """A value of conf/local/credentials.yml that a node, an error, a param, a tag and a log name is masked."""
    (lab.root / "conf/local/credentials.yml").write_text(
        f"db:\n  con: {PASSWORD}\n  pass: {TOKEN}\n"
    )
    lab.project.edit(
        f"{SRC}/pipelines/lab/nodes.py",
        'raise ValueError("the lab\'s own error")',
        f'raise ValueError("cannot reach db with {PASSWORD}")',
    )
    lab.project.edit("conf/base/parameters.yml", "weight: 0.5", "weight: 0.5\nother: 1")
    done = lab.run(
        "kedro", "run", f"--params=note={PASSWORD},api_key={TOKEN}", env={"LAB_FAULT": "raise"}
    )
    assert done.code == 1, done.output
    picture = picture_of(lab.store, only_run(lab.store))
    assert "***" in picture.tags["kedro.error"]
    skip = ("conf/local/", "output-")  # the user's own traceback on the terminal is Kedro's
    assert places_with(lab, PASSWORD, Ended(0, "", 0), skip) == []
    assert places_with(lab, TOKEN, Ended(0, "", 0), skip) == []


def test_run_params_and_environment(lab: Lab) -> None:
    """Run params and chosen environment variables with a secret's name are masked; `__ALL__` drops them
    and says so."""
    lab.project.edit(
        f"{SRC}/mlflow/mlflow_config.py",
        'param_env_vars=["CI_COMMIT_SHA", "CI_COMMIT_MESSAGE"]',
        'param_env_vars=os.environ.get("LAB_VARS") or ["LAB_TOKEN", "LAB_PLAIN"]',
    )
    lab.project.edit(
        f"{SRC}/mlflow/mlflow_config.py",
        "MLflowBasicLoggerHook(\n",
        'MLflowBasicLoggerHook(\n        logging_kedro_run_params="__ALL__",\n',
    )
    variables = {"LAB_TOKEN": TOKEN, "LAB_PLAIN": "plain", "AWS_SECRET_ACCESS_KEY": PASSWORD}
    done = lab.run("kedro", "run", f"--params=db.password={PASSWORD},size=3", env=variables)
    assert done.code == 0, done.output
    picture = picture_of(lab.store, only_run(lab.store))
    assert picture.params["env..LAB_TOKEN"] == "***"
    assert picture.params["env..LAB_PLAIN"] == "plain"
    assert picture.params["___runtime_params.size"] == "3"
    assert picture.params["___runtime_params.db.password"] == "***"
    assert places_with(lab, PASSWORD, done) == []

    lab.clear()
    every = lab.run(env={**variables, "LAB_VARS": "__ALL__"})
    assert every.code == 0, every.output
    picture = picture_of(lab.store, only_run(lab.store))
    assert "env..LAB_TOKEN" not in picture.params
    assert "env..AWS_SECRET_ACCESS_KEY" not in picture.params
    assert picture.params["env..LAB_PLAIN"] == "plain"
    log = (lab.root / "logs/info.log").read_text()
    assert "AWS_SECRET_ACCESS_KEY" in log
    assert places_with(lab, PASSWORD, every) == []
    assert places_with(lab, TOKEN, every) == []


@pytest.mark.parametrize("export", ["later", "live"])
def test_journal_is_its_owners_only(lab: Lab, export: str) -> None:
    """Every file and folder of a journal is readable by its owner only, whatever the umask."""
    before = os.umask(0)
    try:
        done = lab.run(env={"KEDRO_MLFLOW_EXPORT": export, "KEDRO_MLFLOW_KEEP_JOURNAL": "true"})
    finally:
        os.umask(before)
    assert done.code == 0, done.output
    paths = [lab.journals, *lab.journals.rglob("*")]
    assert len(paths) > 5
    assert [str(path) for path in paths if _is_open(path)] == []


def _is_open(path: Path) -> bool:
    """Whether others than the owner can get at it: by its own mode, or that of a folder above."""
    return bool(stat.S_IMODE(path.stat().st_mode) & 0o077) and not any(
        not stat.S_IMODE(parent.stat().st_mode) & 0o077 for parent in path.parents[:2]
    )


def test_pickle_is_loaded_from_a_named_run_only(lab: Lab) -> None:
    """A dataset that this run has not saved is not taken from an earlier run without being asked."""
    lab.project.edit(
        f"{SRC}/catalogs/catalog.py",
        '"loud": MLflowDataSet(dataset="txt")',
        '"loud": MLflowDataSet(dataset="pkl")',
    )
    assert lab.run().code == 0
    resumed = lab.run("kedro", "run", "--nodes=check,join")
    assert resumed.code == 0, resumed.output
    # The last run has it in MLflow too, but nobody named that run.
    (lab.root / "data/mlflow/loud.pkl").unlink()
    again = lab.run("kedro", "run", "--nodes=check,join")
    assert again.code == 1
    assert "'loud' was never saved" in again.output
    assert not (lab.root / "data/mlflow/.downloads").exists()


def test_working_directory_is_no_secret(lab: Lab) -> None:
    """Shells export it as `PWD`: paths of the project stay readable in the traceback."""
    done = lab.run(env={"PWD": str(lab.root), "LAB_FAULT": "raise"})
    assert done.code == 1
    traceback = text_of(lab.store, only_run(lab.store), "traceback.txt")
    assert f"{lab.root}/src/fault_lab/pipelines/lab/nodes.py" in traceback


# Rows 11 and 20 of issue 12: each place where a secret was put, with a value of its own.
SECRET = "hunter2-"
PARAMETERS = f"""\
weight: 0.5
database:
  password: {SECRET}nested
accounts:
  - user: ann
    password: {SECRET}list
  - {{user: bob, api_key: {SECRET}flow}}
headers:
  Authorization: Bearer {SECRET}header
  X-Api-Key: {SECRET}x-header
url: postgresql://ann:{SECRET}url@host/db
note: log in with password={SECRET}text
pad_token: "<pad>"
"""
RUDE_NODE = f"""
def check(words: str, letters: dict, given: dict) -> tuple[str, float, dict]:
    logging.getLogger("fault_lab").warning("login with %s", given["database"]["password"])
    logging.getLogger("fault_lab").warning("sent {{'password': '{SECRET}log'}}")
    Path(f"check-{{os.environ.get('LAB_MARK')}}.pid").write_text(str(os.getpid()))
    time.sleep(float(os.environ.get("LAB_SLEEP", 0)))
    if os.environ.get("LAB_FAULT") == "raise":
        raise ValueError(f"refused: Server=h;PWD={{given['database']['password']}};{SECRET[:-1]}")
    return words.lower(), len(letters["longest"]) / 10, [given, {{"password": "{SECRET}saved"}}]
"""


def rude_lab(lab: Lab) -> dict[str, str]:
    """Put a secret wherever one may stand; returns the environment that has some too."""
    (lab.root / "conf/base/parameters.yml").write_text("weight: 0.5\npassword: hunter2-committed\n")
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", f"password={SECRET}message"]):
        identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
        lab.project.run("git", *identity, *words)
    (lab.root / "conf/base/parameters.yml").write_text(PARAMETERS)
    nodes = lab.root / f"{SRC}/pipelines/lab/nodes.py"
    text = nodes.read_text()
    start, end = text.index("def check"), text.index("def join")
    nodes.write_text("import logging\n" + text[:start] + RUDE_NODE.strip() + "\n\n\n" + text[end:])
    lab.project.edit(
        f"{SRC}/pipelines/lab/pipeline.py",
        'node(check, ["words", "letters"], ["quiet", "share"], name="check")',
        'node(check, ["words", "letters", "parameters"], ["quiet", "share", "kept"], name="check")',
    )
    lab.project.edit(
        f"{SRC}/catalogs/catalog.py",
        "catalog_dict = {",
        'catalog_dict = {\n    "kept": MLflowDataSet(dataset="p"),\n'
        f'    "joined": MLflowDataSet(dataset={{"type": "text.TextDataset", '
        f'"filepath": "data/joined.txt", "credentials": {{"key": "{SECRET}inline"}}}}),',
    )
    lab.project.edit(
        f"{SRC}/catalogs/catalog.py", '    "joined": MLflowDataSet(dataset="txt"),\n', ""
    )
    lab.project.edit(
        f"{SRC}/mlflow/mlflow_config.py",
        'param_env_vars=["CI_COMMIT_SHA", "CI_COMMIT_MESSAGE"]',
        'param_env_vars=["LAB_TOKEN", "LAB_PLAIN"], metric_env_vars=["LAB_SECRET"]',
    )
    return {
        "LAB_TOKEN": f"{SECRET}environment",
        "LAB_SECRET": f"{SECRET}metric",
        "LAB_PLAIN": f"curl -H 'Authorization: Bearer {SECRET}curl' https://host",
        "KEDRO_MLFLOW_KEEP_JOURNAL": "true",
    }


@pytest.mark.parametrize("ending", ["finished", "raised"])
def test_secret_is_nowhere_in_whatever_shape(lab: Lab, ending: str) -> None:
    """Store, journal, artifacts, logs and other processes' command lines, for each shape of it."""
    environment = rude_lab(lab)
    environment["LAB_SLEEP"] = "1"
    if ending == "raised":
        environment["LAB_FAULT"] = "raise"
    params = f"--params=smtp.pass={SECRET}option,n=3"
    started = lab.start("kedro", "run", params, env=environment)
    started.wait_for_node()
    others = [one for one in started.family() if one.pid != started.process.pid]
    lines = [one.command for one in others]
    done = started.wait()
    assert done.code == (ending == "raised"), done.output
    assert lines
    assert not [line for line in lines if SECRET in line]
    # What the user wrote himself, and the files of his datasets.
    skip = ("conf/", "data/", ".git/", "output-")
    assert places_with(lab, SECRET, Ended(0, "", 0), skip) == []

    run = only_run(lab.store)
    picture = picture_of(lab.store, run)
    assert picture.params["pad_token"] == "<pad>"
    assert picture.params["database.password"] == "***"
    assert picture.params["headers.Authorization"] == "***"
    assert picture.params["env..LAB_TOKEN"] == "***"
    assert "smtp.pass=***,n=3" in picture.tags["kedro.command"]
    recorded = yaml.safe_load(text_of(lab.store, run, "parameters.yml"))
    assert recorded["pad_token"] == "<pad>"
    assert recorded["accounts"] == [
        {"user": "ann", "password": "***"},
        {"user": "bob", "api_key": "***"},
    ]
    assert "***" in text_of(lab.store, run, "git/uncommitted.patch")
    assert (lab.root / "conf/base/parameters.yml").read_text() == PARAMETERS
    log = (lab.root / "logs/info.log").read_text()
    assert log.count("secrets in 'parameters.yml' are masked in MLflow") == 1
    if ending == "raised":
        assert "PWD=***" in text_of(lab.store, run, "traceback.txt")
    else:
        tag = json.loads(picture.tags["kedro.dataset.kept"])
        assert tag["packed"][0][1] == {"password": "***"}
