"""Every hook and every argument: what MLflow holds then."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from mlflow.entities import Run

from tests.harness.baked import BakedProject
from tests.harness.lab import configure_hooks, replace_pipelines
from tests.harness.store import artifacts_of, client_of, runs_of

pytestmark = pytest.mark.slow

NODES = """
from pathlib import Path


def first(limit):
    return limit + 1


def second(value):
    return value * 2
"""
PIPELINE = """[
    node(n.first, "params:limit", "made", name="first"),
    node(n.second, "made", "doubled", name="second"),
]"""
CATALOG = """{
    "made": MLflowDataSet("m"),
    "doubled": JSONDataset(filepath="data/doubled.json"),
}"""


@pytest.fixture
def lab(project: BakedProject, environment: Path) -> BakedProject:
    """A project with two quick nodes."""
    project = BakedProject(project.root, environment)
    replace_pipelines(project, NODES, PIPELINE, CATALOG)
    with (project.root / "conf/base/parameters.yml").open("a") as file:
        file.write("\nlimit: 4\nextra:\n  deep: 1\n")
    return project


def only_run(project: BakedProject) -> Run:
    (run,) = runs_of(project)
    return run


def test_basic_hook_arguments(lab: BakedProject) -> None:
    configure_hooks(
        lab,
        """(
            MLflowBasicLoggerHook(
                uri="sqlite:///elsewhere/store.db", experiment_name="named", run_name="my run",
                artifact_location="./elsewhere/artifacts", tags={"team": "blue"}, offset_hours=9,
                enable_logging_time_end=False, enable_logging_time=False,
                logging_kedro_run_params=["env", "pipeline_names"],
            ),
            MLflowCatalogLoggerHook(auto=False),
        )""",
    )
    lab.run("kedro", "run", "--env", "local", "--tags=", env={})
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{lab.root}/elsewhere/store.db")
    experiment = client.get_experiment_by_name("named")
    assert experiment is not None
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.info.run_name == "my run"
    assert run.info.status == "FINISHED"
    assert run.data.tags["team"] == "blue"
    assert experiment.artifact_location == (lab.root / "elsewhere/artifacts").as_uri()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", run.data.params["__time_begin"])
    digits = re.sub(r"\D", "", run.data.params["__time_begin"])
    assert run.data.metrics["__time_begin"] == float(digits)
    assert "__time_end" not in run.data.params
    assert "__time" not in run.data.metrics
    assert run.data.params["___env"] == "local"
    assert not [name for name in run.data.metrics if name.startswith("_time_to_")]


def test_offset_moves_the_clock_of_the_params_only(lab: BakedProject) -> None:
    configure_hooks(lab, "(MLflowBasicLoggerHook(offset_hours=9),)")
    lab.run("kedro", "run")
    run = only_run(lab)
    import datetime

    begin = datetime.datetime.fromisoformat(run.data.params["__time_begin"])
    utc = datetime.datetime.fromtimestamp(run.info.start_time // 1000, datetime.timezone.utc)
    assert begin == utc.replace(tzinfo=None) + datetime.timedelta(hours=9)


def test_environment_wins_over_the_file(lab: BakedProject) -> None:
    store = f"sqlite:///{lab.root}/other.db"
    lab.run(
        "kedro", "run", env={"MLFLOW_TRACKING_URI": store, "MLFLOW_EXPERIMENT_NAME": "from env"}
    )
    assert not lab.has_store()
    from mlflow import MlflowClient

    client = MlflowClient(store)
    experiment = client.get_experiment_by_name("from env")
    assert experiment is not None
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.data.metrics["made"] == 5


def test_run_id_attaches_to_a_run_and_leaves_it_running(lab: BakedProject) -> None:
    lab.run("kedro", "run")
    client = client_of(lab)
    experiment_id = only_run(lab).info.experiment_id
    mine = client.create_run(experiment_id)
    for node in ("first", "second"):  # as two Airflow tasks would
        lab.run("kedro", "run", "--nodes", node, env={"MLFLOW_RUN_ID": mine.info.run_id})
    run = client.get_run(mine.info.run_id)
    assert run.info.status == "RUNNING"
    assert run.data.metrics["made"] == 5
    assert {n for n in run.data.metrics if n.startswith("_time_to_run")} == {
        "_time_to_run first -- made",
        "_time_to_run second -- doubled",
    }
    assert len(runs_of(lab)) == 2


def test_an_ended_run_goes_on_and_nothing_of_ours_is_refused(lab: BakedProject) -> None:
    path = f"src/{lab.package}/mlflow/mlflow_config.py"
    said = "        experiment_name="
    lab.edit(path, said, f'        logging_kedro_run_params="__ALL__",\n{said}')
    lab.run("kedro", "run")
    first = only_run(lab)
    env = {"MLFLOW_RUN_ID": first.info.run_id}
    for number, options in enumerate(((), ("--runner", "ParallelRunner")), start=2):
        done = lab.run("kedro", "run", *options, env=env)
        assert "WARNING" not in done.stdout + done.stderr
        assert "note:" not in done.stderr
        run = only_run(lab)
        assert run.info.status == "FINISHED"
        for name in ("__time_begin", "__time_end"):
            assert run.data.params[name] == first.data.params[name]
            times = client_of(lab).get_metric_history(first.info.run_id, name)
            assert len(times) == number
            assert run.data.metrics[name] == max(time.value for time in times)
            later = run.data.tags[f"kedro.later_value.{name}"]
            assert float(re.sub(r"\D", "", later)) == run.data.metrics[name]
    done = lab.run("kedro", "run", "--params", "limit=5", env=env)
    (told,) = [part for part in done.stderr.split("note: ")[1:] if "limit" in part]
    assert told.startswith("param 'limit' was recorded with two values")
    assert "refused" not in done.stderr
    assert only_run(lab).data.tags["kedro.later_value.limit"] == "5"


def test_nested_makes_a_run_below_the_given_one(lab: BakedProject) -> None:
    configure_hooks(lab, "(MLflowBasicLoggerHook(nested=True), MLflowCatalogLoggerHook())")
    from mlflow import MlflowClient

    store = f"sqlite:///{lab.root}/mlruns/sqlite.db"
    (lab.root / "mlruns").mkdir()
    client = MlflowClient(store)
    parent = client.create_run("0")
    lab.run("kedro", "run", env={"MLFLOW_RUN_ID": parent.info.run_id})
    (child,) = [run for run in runs_of(lab) if run.info.run_id != parent.info.run_id]
    assert child.data.tags["mlflow.parentRunId"] == parent.info.run_id
    assert child.info.status == "FINISHED"


@pytest.mark.parametrize("how", ["variable", "argument"])
def test_tracking_can_be_off(lab: BakedProject, how: str) -> None:
    env = {}
    if how == "variable":
        env["KEDRO_MLFLOW_ENABLED"] = "false"
    else:
        configure_hooks(lab, "(MLflowBasicLoggerHook(enable_mlflow=False), MLflowTimeLoggerHook())")
    lab.run("kedro", "run", env=env)
    assert (lab.root / "data/doubled.json").read_text() == "10"
    assert not (lab.root / "mlruns").exists()
    assert not (lab.root / ".mlflow-journal").exists()


@pytest.mark.parametrize("export", ["live", "end"])
def test_export_says_which_process_writes(lab: BakedProject, export: str) -> None:
    lab.run("kedro", "run", env={"KEDRO_MLFLOW_EXPORT": export})
    run = only_run(lab)
    assert run.info.status == "FINISHED"
    assert run.data.metrics["made"] == 5
    assert not list((lab.root / ".mlflow-journal").glob("*/"))


def test_export_later_waits_for_sync(lab: BakedProject) -> None:
    done = lab.run("kedro", "run", env={"KEDRO_MLFLOW_EXPORT": "later"})
    assert "kedro mlflow sync" in done.stderr
    assert not lab.has_store()
    assert 'export="later"' in lab.run("kedro", "mlflow", "status").stdout
    lab.run("kedro", "mlflow", "sync")
    run = only_run(lab)
    assert run.info.status == "FINISHED"
    assert run.data.metrics["made"] == 5
    assert "No run waits" in lab.run("kedro", "mlflow", "status").stdout


def test_artifacts_hook_takes_files_folders_and_datasets(lab: BakedProject) -> None:
    (lab.root / "docs" / "deep").mkdir(parents=True)
    (lab.root / "docs" / "deep" / "a.txt").write_text("a")
    configure_hooks(
        lab,
        """(
            MLflowBasicLoggerHook(),
            MLflowArtifactsLoggerHook(
                filepaths_before_pipeline_run=["docs"],
                filepaths_after_pipeline_run=["logs/info.log"],
                datasets_after_node_run=["doubled"],
            ),
        )""",
    )
    lab.run("kedro", "run")
    names = set(artifacts_of(client_of(lab), only_run(lab).info.run_id))
    assert {"docs/deep/a.txt", "info.log", "doubled.json"} <= names


def test_logs_of_a_run_are_without_those_of_earlier_runs(lab: BakedProject) -> None:
    hooks = """(
        MLflowBasicLoggerHook(),
        MLflowArtifactsLoggerHook(
            filepaths_after_pipeline_run=["logs/info.log", "logs/errors.log", "notes.txt"]
        ),
    )"""
    configure_hooks(lab, hooks)
    (lab.root / "notes.txt").write_text("no log\n")
    (lab.root / "logs/info.log").write_text("INFO of an earlier run\n")
    (lab.root / "logs/errors.log").write_text("ERROR of an earlier run\n")
    lab.run("kedro", "run")
    run_id = only_run(lab).info.run_id

    def text_of(name: str) -> str:
        folder = lab.root.parent / "downloaded"
        folder.mkdir(exist_ok=True)
        return Path(client_of(lab).download_artifacts(run_id, name, str(folder))).read_text("utf8")

    assert "Pipeline execution completed" in text_of("info.log")
    assert "earlier run" not in text_of("info.log")
    assert text_of("errors.log") == ""
    assert text_of("notes.txt") == "no log\n"
    assert "INFO of an earlier run\n" in (lab.root / "logs/info.log").read_text("utf8")


def test_environment_variables_become_params_and_metrics(lab: BakedProject) -> None:
    configure_hooks(
        lab,
        """(
            MLflowBasicLoggerHook(),
            MLflowEnvVarsLoggerHook(
                param_env_vars=["STAGE", "API_TOKEN", "NOT_SET"], metric_env_vars=["BUILD"]
            ),
        )""",
    )
    lab.run("kedro", "run", env={"STAGE": "test", "API_TOKEN": "tok-123456", "BUILD": "42"})
    data = only_run(lab).data
    assert data.params["env..STAGE"] == "test"
    assert data.params["env..API_TOKEN"] == "***"
    assert data.metrics["env..BUILD"] == 42
    assert "env..NOT_SET" not in data.params


def test_time_hook_names_and_files(lab: BakedProject) -> None:
    configure_hooks(
        lab,
        """(
            MLflowBasicLoggerHook(),
            MLflowTimeLoggerHook(
                gantt_filepath="reports/gantt.html", time_log_filepath="reports/times.json",
                metric_name_prefix="took ", task_name_func=lambda node: node.name.upper(),
            ),
        )""",
    )
    (lab.root / "reports").mkdir()
    lab.run("kedro", "run")
    metrics = only_run(lab).data.metrics
    assert {"took FIRST", "took SECOND", "_time_to_save made", "_time_to_load made"} <= set(metrics)
    assert "FIRST" in lab.read_file("reports/gantt.html") or "first" in lab.read_file(
        "reports/gantt.html"
    )
    assert lab.has_file("reports/times.json")


def test_time_hook_makes_no_chart_where_it_is_told_so(lab: BakedProject) -> None:
    configure_hooks(lab, "(MLflowBasicLoggerHook(), MLflowTimeLoggerHook(enable_plotly=False))")
    lab.run("kedro", "run")
    run = only_run(lab)
    assert "_time_to_run first -- made" in run.data.metrics
    assert "gantt.html" not in artifacts_of(client_of(lab), run.info.run_id)


@pytest.mark.parametrize("name", ["Artifacts", "EnvVars", "Git", "Time", "Catalog"])
def test_each_hook_can_be_turned_off(lab: BakedProject, name: str) -> None:
    arguments = {
        "Artifacts": "filepaths_before_pipeline_run=['main.py'], ",
        "EnvVars": "param_env_vars=['HOME'], ",
    }.get(name, "")
    configure_hooks(
        lab,
        f"(MLflowBasicLoggerHook(), MLflow{name}LoggerHook({arguments}enable_mlflow=False))",
    )
    lab.run("kedro", "run")
    run = only_run(lab)
    assert run.info.status == "FINISHED"
    assert set(run.data.params) == {"__time_begin", "__time_end"}
    assert set(run.data.metrics) == {"__time_begin", "__time_end", "__time"}
    assert set(artifacts_of(client_of(lab), run.info.run_id)) == {"requirements.txt"}


@pytest.mark.parametrize(
    ("hooks", "words"),
    [
        ("(MLflowBasicLoggerHook(experiment_name=''),)", ["experiment_name is ''"]),
        ("(MLflowBasicLoggerHook(experimentname='x'),)", ["Did you mean 'experiment_name'?"]),
        ("(MLflowBasicLoggerHook(export='lives'),)", ["'lives'", "Did you mean 'live'?"]),
        ("(MLflowTimeLoggerHook(gant_filepath='x'),)", ["Did you mean 'gantt_filepath'?"]),
        (
            "(MLflowArtifactsLoggerHook(filepaths_before_pipeline_run='a.txt'),)",
            ["['a.txt']"],
        ),
    ],
)
def test_wrong_arguments_fail_when_the_project_is_loaded(
    project: BakedProject, hooks: str, words: list[str]
) -> None:
    configure_hooks(project, hooks)
    done = project.run("kedro", "registry", "list", code=None)
    assert done.returncode != 0
    output = " ".join((done.stdout + done.stderr).split())
    for word in words:
        assert word in output, output


def test_saving_elsewhere_goes_to_that_run_and_experiment(lab: BakedProject) -> None:
    lab.run("kedro", "run")
    client = client_of(lab)
    target = client.create_run(only_run(lab).info.experiment_id)
    catalog = f"""{{
        "made": MLflowDataSet("m", saving_run_id="{target.info.run_id}"),
        "doubled": MLflowDataSet("m", saving_experiment_name="side experiment"),
    }}"""
    replace_pipelines(lab, NODES, PIPELINE, catalog)
    lab.run("kedro", "run")
    assert client.get_run(target.info.run_id).data.metrics["made"] == 5
    side = client.get_experiment_by_name("side experiment")
    assert side is not None
    (run,) = client.search_runs([side.experiment_id])
    assert run.data.metrics["doubled"] == 10
    assert run.info.status == "FINISHED"


def test_a_wrong_switch_fails_no_run(lab: BakedProject) -> None:
    done = lab.run("kedro", "run", env={"KEDRO_MLFLOW_ENABLED": "maybe"})
    assert "KEDRO_MLFLOW_ENABLED='maybe' is not a switch" in done.stdout + done.stderr
