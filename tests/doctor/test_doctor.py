"""`kedro mlflow doctor` says what is in force, and whether a run would arrive; nothing is left."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import ViewType

from tests.faults.server import Proxy
from tests.harness.baked import BakedProject
from tests.harness.ports import free_port
from tests.harness.store import artifacts_of, client_of

SECRET = "Xq7-sea-salt-42"


def write(project: BakedProject, name: str, text: str) -> None:
    path = project.root / "conf" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)


def lines_of(output: str) -> dict[str, str]:
    """What is told of each thing."""
    pairs = [line.partition(" ") for line in output.splitlines()]
    return {name: told.strip() for name, _, told in pairs}


def everything_in(client: MlflowClient) -> tuple[set[str], list[str]]:
    """Names of all experiments and ids of all runs, deleted ones too."""
    experiments = client.search_experiments(view_type=ViewType.ALL)
    ids = [one.experiment_id for one in experiments]
    found = client.search_runs(ids, run_view_type=ViewType.ALL)
    return {one.name for one in experiments}, [run.info.run_id for run in found]


def test_before_the_first_run_nothing_is_made(project: BakedProject) -> None:
    before = project.files()
    done = project.run("kedro", "mlflow", "doctor")
    told = lines_of(done.stdout)
    assert done.stdout.rstrip().endswith("A run would arrive.")
    assert told["uri"] == f"{project.store}  (mlflow_config.py)"
    assert told["export"] == "live  (the default)"
    assert told["linger"] == "0.0  (the variable KEDRO_MLFLOW_LINGER)"
    assert told["layer"].startswith("0.1.0, Python 3.")
    assert told["store"].startswith(f"{project.root}/mlruns/sqlite.db is made by the first run")
    assert told["artifacts"].startswith("file:///")
    assert told["journal"] == "nothing waits"
    made = {name for name in project.files() - before if not name.endswith(".pyc")}
    assert {name for name in made if not name.startswith("logs/")} == set()
    assert not (project.root / "mlruns").exists()


@pytest.mark.slow
def test_run_and_file_are_written_and_removed_again(project: BakedProject) -> None:
    project.run("kedro", "run", "--nodes", "init_model")
    client = client_of(project)
    client.create_experiment("kedro-mlflow-doctor")  # of another doctor, which is at work
    names, runs = everything_in(client)
    files = {path for path in project.files() if path.startswith("mlruns/my_iris")}
    yml = "experiment_name: not_there_yet\nartifact_location: ./mlruns/other\n"
    write(project, "prod/mlflow.yml", yml)
    for options in ([], ["--env", "prod"]):
        told = lines_of(project.run("kedro", "mlflow", "doctor", *options).stdout)
        assert told["store"].startswith("answers; a run was written and removed again")
        assert "takes a file, which was removed again" in told["artifacts"]
    assert told["environment"] == "prod"
    assert told["experiment_name"] == "not_there_yet  (conf/prod/mlflow.yml)"
    assert everything_in(client) == (names, runs)
    assert {path for path in project.files() if path.startswith("mlruns/my_iris")} == files
    assert not (project.root / "mlruns" / "other").exists()
    assert artifacts_of(client, runs[0])


@pytest.mark.slow
def test_location_that_is_not_in_force_is_told_by_the_doctor_and_by_a_run(
    project: BakedProject,
) -> None:
    project.run("kedro", "run", "--nodes", "init_model")
    lies = f"'my_iris' lies in {(project.root / 'mlruns' / 'my_iris').as_uri()} already"
    write(project, "prod/mlflow.yml", "artifact_location: ./mlruns/other\n")
    doctor, run = ("kedro", "mlflow", "doctor"), ("kedro", "run", "--nodes", "init_model")
    told = lines_of(project.run(*doctor, "--env", "prod").stdout)["artifact_location"]
    wanted = (project.root / "mlruns" / "other").as_uri()
    assert told == f"the artifact_location {wanted} counts for a new experiment only: {lies}"
    panel = project.run(*run, "--env", "prod").stderr
    assert "".join(f"only: {lies}".split()) in "".join(panel.replace("│", "").split())
    assert "counts for a new" not in project.run(*doctor).stdout + project.run(*run).stderr


def test_server_that_refuses_is_told_at_once(project: BakedProject) -> None:
    write(project, "prod/mlflow.yml", f"uri: http://127.0.0.1:{free_port()}\n")
    done = project.run("kedro", "mlflow", "doctor", "--env", "prod", code=1)
    assert lines_of(done.stdout)["store"] == "the MLflow server refuses connections"
    assert "Error: a run would not arrive; see store above." in done.stderr


def test_server_that_hangs_is_waited_for_no_longer_than_asked(project: BakedProject) -> None:
    with Proxy(target=9, mode="hang") as proxy:
        env = {"MLFLOW_TRACKING_URI": proxy.uri}
        begun = time.monotonic()
        done = project.run("kedro", "mlflow", "doctor", "--seconds", "6", env=env, code=1)
        seconds = time.monotonic() - begun
    told = lines_of(done.stdout)
    assert told["store"].startswith("no answer within 6 s (--seconds)")
    assert told["uri"] == f"{proxy.uri}  (the variable MLFLOW_TRACKING_URI)"
    assert seconds < 6 + 20


def test_package_that_is_missing_is_named_with_its_remedy(
    project: BakedProject, tmp_path: Path
) -> None:
    names = ("psycopg2", "boto3")
    hidden = "".join(f"sys.modules[{name!r}] = None\n" for name in names)
    (tmp_path / "sitecustomize.py").write_text(f"import sys\n{hidden}")
    env = {"PYTHONPATH": str(tmp_path)}
    write(project, "sql/mlflow.yml", f"uri: postgresql+psycopg2://ann:{SECRET}@127.0.0.1/db\n")
    done = project.run("kedro", "mlflow", "doctor", "--env", "sql", env=env, code=1)
    told = lines_of(done.stdout)
    needs = "this store needs psycopg2-binary, which is not installed"
    assert told["store"].startswith(f"{needs}: `pip install psycopg2-binary`")
    assert told["uri"] == "postgresql+psycopg2://***@127.0.0.1/db  (conf/sql/mlflow.yml)"
    assert SECRET not in done.stdout + done.stderr
    write(project, "s3/mlflow.yml", "artifact_location: s3://bucket/files\n")
    done = project.run("kedro", "mlflow", "doctor", "--env", "s3", env=env, code=1)
    assert "`pip install boto3`" in lines_of(done.stdout)["artifacts"]
    assert "Error: a run would not arrive; see artifacts above." in done.stderr


def test_database_that_is_down_is_told_at_once(project: BakedProject) -> None:
    """MLflow tries for 102 s."""
    pytest.importorskip("psycopg2")
    env = {"MLFLOW_TRACKING_URI": f"postgresql+psycopg2://ann:{SECRET}@127.0.0.1:{free_port()}/db"}
    done = project.run("kedro", "mlflow", "doctor", env=env, code=1)
    told = lines_of(done.stdout)["store"]
    assert told.startswith("the database server at 127.0.0.1:")
    assert "refuses connections: start it, or correct host and port in the tracking URI" in told
    assert SECRET not in done.stdout + done.stderr


def test_without_mlflow_it_says_how_to_install_it(project: BakedProject, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text('import sys\nsys.modules["mlflow"] = None\n')
    done = project.run("kedro", "mlflow", "doctor", env={"PYTHONPATH": str(tmp_path)}, code=1)
    assert "needs the package mlflow, which is not installed" in lines_of(done.stdout)["packages"]


def test_what_is_wrong_in_a_file_is_told(project: BakedProject) -> None:
    write(project, "prod/mlflow.yml", "experiment_nam: x\ncredentials: team\n")
    done = project.run("kedro", "mlflow", "doctor", "--env", "prod", code=1)
    assert "Did you mean 'experiment_name'?" in done.stdout
    assert "credentials.yml has no entry 'team'" in done.stdout


def test_folder_that_cannot_be_written_and_tracking_that_is_off(project: BakedProject) -> None:
    write(project, "prod/mlflow.yml", "uri: sqlite:///README.md/store.db\n")
    off = {"KEDRO_MLFLOW_ENABLED": "false"}
    done = project.run("kedro", "mlflow", "doctor", "--env", "prod", env=off, code=1)
    told = lines_of(done.stdout)
    assert "README.md is no folder that can be written to" in told["store"]
    assert told["tracking"].startswith("is off")
    assert "see tracking, store above" in done.stderr


@pytest.mark.slow
def test_what_waits_is_counted(project: BakedProject) -> None:
    env = {"KEDRO_MLFLOW_EXPORT": "later"}
    project.run("kedro", "run", "--nodes", "init_model", env=env)
    told = lines_of(project.run("kedro", "mlflow", "doctor", env=env).stdout)
    assert told["journal"] == "1 run waits, see `kedro mlflow status`"
