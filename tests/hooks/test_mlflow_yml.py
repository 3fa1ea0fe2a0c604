"""`conf/<env>/mlflow.yml`: each run has the settings of its environment, and a typo never runs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from tests.faults.picture import forget_stores
from tests.harness.baked import BakedProject
from tests.harness.doors import PYTHON
from tests.harness.lab import replace_pipelines

NODES = """
import json
import sys
from pathlib import Path


def make():
    Path("worked").touch()
    names = [name for name in sys.modules if ".tracking" in name]
    Path("modules.json").write_text(json.dumps(names))
    return 3


def use(number):
    return number + 1
"""
PIPELINE = '[node(n.make, None, "number", name="make"), node(n.use, "number", "next", name="use")]'
CATALOG = '{"next": MLflowDataSet("m")}'


@pytest.fixture(scope="module")
def lab(compiled: Path, tmp_path_factory: pytest.TempPathFactory) -> BakedProject:
    """The project of this module, with a light pipeline; tests write the environments."""
    root = tmp_path_factory.mktemp("lab") / "my-iris"
    project = BakedProject(Path(shutil.copytree(compiled, root)), PYTHON)
    replace_pipelines(project, NODES, PIPELINE, CATALOG)
    return project


@pytest.fixture
def own(lab: BakedProject) -> Iterator[BakedProject]:
    """The project, without what tests before have left in it."""
    forget_stores()
    for name in ("mlruns", ".mlflow-journal", "worked", "modules.json"):
        path = lab.root / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    yield lab
    for path in [*lab.root.glob("conf/*/mlflow.yml"), *lab.root.glob("conf/*/credentials.yml")]:
        path.unlink()


def write(project: BakedProject, env: str, text: str, name: str = "mlflow") -> None:
    folder = project.root / "conf" / env
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.yml").write_text(text)


def runs_in(project: BakedProject, name: str) -> list[tuple[str, Run]]:
    """The runs of a store in `mlruns/`, each with its experiment's name, the oldest first."""
    file = project.root / "mlruns" / f"{name}.db"
    assert file.exists(), f"no run has made {file}"
    client = MlflowClient(f"sqlite:///{file}")
    names = {one.experiment_id: one.name for one in client.search_experiments()}
    found = client.search_runs(list(names), order_by=["start_time ASC"])
    return [(names[run.info.experiment_id], run) for run in found]


PROD = """
uri: sqlite:///mlruns/${oc.env:STORE_NAME}.db
experiment_name: prod_iris
artifact_location: ./mlruns/prod_files
run_name: nightly
tags: {team: seven, level: 7}
enable_logging_time_begin: false
hooks:
  MLflowTimeLoggerHook: {metric_name_prefix: "seconds of "}
  MLflowEnvVarsLoggerHook: {param_env_vars: [STORE_NAME], prefix: ""}
  MLflowGitLoggerHook: {enable_mlflow: false}
"""


@pytest.mark.slow
def test_run_has_the_settings_of_its_environment(own: BakedProject) -> None:
    write(own, "prod", PROD)
    env = {"STORE_NAME": "big"}
    done = own.run("kedro", "run", "--env", "prod", env=env)
    assert "open it: kedro mlflow ui --env prod" in done.stdout + done.stderr
    # Nothing of it holds for another run, and `main.py` takes the same option.
    own.run("kedro", "run", env=env)
    variables = {**env, "MLFLOW_EXPERIMENT_NAME": "of_the_variable"}
    own.run("python", "main.py", "--env", "prod", env=variables)
    first, second = runs_in(own, "big")
    experiment, run = first
    assert (experiment, run.info.run_name) == ("prod_iris", "nightly")
    assert run.info.artifact_uri.startswith((own.root / "mlruns" / "prod_files").as_uri())
    assert (run.data.tags["team"], run.data.tags["level"]) == ("seven", "7")
    assert run.data.params["STORE_NAME"] == "big"
    assert "__time_begin" not in run.data.params
    times = {name for name in run.data.metrics if "make -- number" in name}
    assert times == {"seconds of make -- number"}
    assert second[0] == "of_the_variable"
    ((experiment, plain),) = runs_in(own, "sqlite")
    assert experiment == "my_iris"
    assert "_time_to_run make -- number" in plain.data.metrics
    assert "team" not in plain.data.tags
    listed = own.run("kedro", "mlflow", "runs", "--env", "prod", env=env).stdout
    assert "nightly" in listed
    assert "nightly" not in own.run("kedro", "mlflow", "runs", env=env).stdout
    told = own.run("kedro", "mlflow", "env", env={**env, "KEDRO_ENV": "prod"}).stdout
    assert f"MLFLOW_TRACKING_URI=sqlite:///{own.root}/mlruns/big.db" in told


@pytest.mark.slow
def test_a_hook_that_a_file_turns_off_records_no_version(own: BakedProject) -> None:
    entry = "{type: json.JSONDataset, filepath: data/number.json, versioned: true}"
    hooks = "hooks: {MLflowCatalogLoggerHook: {enable_mlflow: %s}}\n"
    for name, value in (("on", "true"), ("off", "false")):
        write(own, name, f"uri: sqlite:///mlruns/{name}.db\n{hooks % value}")
        write(own, name, f"number: {entry}\n", "catalog")
        own.run("kedro", "run", "--env", name)
    (_, on), (_, off) = *runs_in(own, "on"), *runs_in(own, "off")
    assert "kedro.save_version.number" in on.data.tags
    assert "kedro.save_version.number" not in off.data.tags


@pytest.mark.slow
def test_base_and_environment_are_merged_as_kedro_does(own: BakedProject) -> None:
    write(own, "base", "uri: sqlite:///mlruns/base.db\ntags: {from: base}\nrun_name: of_base\n")
    write(own, "prod", "tags: {by: prod}\nrun_name: ${runtime_params:named, of_prod}\n")
    own.run("kedro", "run", "--env", "prod")
    own.run("kedro", "run", "--env", "prod", "--params", "named=by_hand")
    own.run("kedro", "run")
    (_, first), (_, second), (_, third) = runs_in(own, "base")
    assert first.info.run_name == "of_prod"
    assert first.data.tags["by"] == "prod"
    assert "from" not in first.data.tags
    assert second.info.run_name == "by_hand"
    assert (third.info.run_name, third.data.tags["from"]) == ("of_base", "base")


@pytest.mark.slow
def test_workers_have_them_too(own: BakedProject) -> None:
    write(own, "prod", "hooks:\n  MLflowTimeLoggerHook: {metric_name_prefix: 'seconds of '}\n")
    own.run("kedro", "run", "--env", "prod", "--runner", "ParallelRunner")
    ((_, run),) = runs_in(own, "sqlite")
    assert {name for name in run.data.metrics if name.startswith("seconds of ")} == {
        "seconds of make -- number",
        "seconds of use -- next",
    }


SESSIONS = """
import sys, threading
from kedro.framework.project import pipelines
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

bootstrap_project(".")
list(pipelines)


def run(env, faults):
    try:
        with KedroSession.create(env=env) as session:
            session.run()
    except Exception as error:
        faults.append(error)


faults = []
threads = [threading.Thread(target=run, args=(env, faults)) for env in ("one", "two", None)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
run("two", faults)
if faults:
    raise faults[0]
"""


@pytest.mark.slow
def test_runs_of_one_process_have_each_its_own(own: BakedProject) -> None:
    hooks = "hooks:\n  MLflowTimeLoggerHook: {metric_name_prefix: '%s: '}\n"
    for name in ("one", "two"):
        write(own, name, f"uri: sqlite:///mlruns/{name}.db\n{hooks % name}")
    own.run("python", "-c", SESSIONS, env={"PYTHONPATH": "src"})
    assert [len(runs_in(own, name)) for name in ("one", "two", "sqlite")] == [1, 2, 1]
    for name, prefix in (("one", "one: "), ("two", "two: "), ("sqlite", "_time_to_run ")):
        for _, run in runs_in(own, name):
            times = [metric for metric in run.data.metrics if metric.endswith("make -- number")]
            assert times == [f"{prefix}make -- number"], name


TYPOS = """
experiment_nam: x
MLflowGitLoggerHook: {}
export_wait: soon
export: sometimes
hooks:
  MLflowGitLogerHook: {}
  MLflowTimeLoggerHook: {gantt_filepth: a}
  MLflowCatalogLoggerHook: {auto: maybe}
  MLflowBasicLoggerHook: {uri: x}
credentials: team
"""
TOLD = (
    "has 'experiment_nam'; it has the arguments of MLflowBasicLoggerHook, hooks and credentials. "
    "Did you mean 'experiment_name'?",
    "has 'MLflowGitLoggerHook'; write it below `hooks:`.",
    "export_wait is 'soon'; it must be a number",
    "hooks has 'MLflowGitLogerHook', which is no hook. Did you mean 'MLflowGitLoggerHook'?",
    "MLflowTimeLoggerHook has no argument 'gantt_filepth'; it has",
    "Did you mean 'gantt_filepath'?",
    "auto is 'maybe'; it must be true or false",
    "the arguments of MLflowBasicLoggerHook stand at the top",
    "credentials.yml has no entry 'team'",
)


@pytest.mark.slow
def test_typo_is_refused_before_the_run_begins(own: BakedProject) -> None:
    write(own, "prod", TYPOS)
    done = own.run("kedro", "run", "--env", "prod", code=1)
    (told,) = [line for line in done.stderr.splitlines() if line.startswith("Error: No node")]
    assert "Traceback" not in done.stdout + done.stderr
    for sentence in TOLD:
        assert sentence in told
    for made in ("worked", "mlruns", ".mlflow-journal"):
        assert not (own.root / made).exists()
    # What needs no settings works, and what does says the same.
    assert "No run waits" in own.run("kedro", "mlflow", "status", "--env", "prod").stdout
    assert TOLD[0] in own.run("kedro", "mlflow", "runs", "--env", "prod", code=1).stderr
    # Where nothing is tracked, nothing is refused.
    own.run("kedro", "run", "--env", "prod", env={"KEDRO_MLFLOW_ENABLED": "false"})
    assert own.has_file("worked")


@pytest.fixture
def read(baked: BakedProject, tmp_path: Path) -> Any:
    """Reads a text as `conf/prod/mlflow.yml`, through Kedro's own loader."""
    from kedro.config import OmegaConfigLoader

    tracking = {name: baked.tracking(name) for name in ("mlflow_yml", "hooks.basic_logger")}
    basic = (tracking["hooks.basic_logger"].MLflowBasicLoggerHook(),)

    def read(text: str, credentials: str = "", hooks: tuple[Any, ...] = basic) -> Any:
        for env in ("base", "prod"):
            (tmp_path / "conf" / env).mkdir(parents=True, exist_ok=True)
        file = tmp_path / "conf" / "prod" / "mlflow.yml"
        file.write_text(text)
        (tmp_path / "conf" / "base" / "credentials.yml").write_text(credentials)
        source = str(tmp_path / "conf")
        loader = OmegaConfigLoader(source, "prod", base_env="base", default_run_env="local")
        return tracking["mlflow_yml"].read(loader, [file], hooks, tmp_path)

    return read


@pytest.mark.filterwarnings("ignore:.*register_new_resolver:DeprecationWarning")
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("export: sometimes", "export is 'sometimes'; it must be one of 'live', 'end', 'later'"),
        ("export: livee", "Did you mean 'live'?"),
        ("uri: ''", "uri is ''; give a tracking URI"),
        ("uri: 7", "uri is 7; it must be a text"),
        ("artifact_location: 7", "artifact_location is 7; it must be a text or null"),
        ("nested: 'yes'", "nested is 'yes'; it must be true or false"),
        ("tags: team", "tags is 'team'; it must be keys with values or null"),
        ("tags: {team: [1]}", "tags is {'team': [1]}"),
        ("linger: true", "linger is True; it must be a number"),
        ("linger: -1", "linger is -1; it is a number of seconds"),
        ("hooks: [MLflowGitLoggerHook]", "`hooks` must have a hook class with its arguments"),
        ("hooks: {MLflowGitLoggerHook: false}", "MLflowGitLoggerHook has False; write"),
        ("credentials: {password: x}", "must be the name of an entry of credentials.yml"),
        ("uri: ${oc.env:NO_SUCH_NAME_AT_ALL}", "can't be read: KeyError raised while resolving"),
        ("- uri\n- x", "conf/prod/mlflow.yml is a list as a whole; it must have `key: value`"),
        ("7", "conf/prod/mlflow.yml is a single value as a whole; it must have `key: value`"),
        ("uri: [", "can't be read: Invalid YAML or JSON file"),
        ("server: {mlflow_tracking_uri: mlruns}", "`server.mlflow_tracking_uri` is `uri`"),
        ("tracking: {}\nuri: x", "one of kedro-mlflow, and its keys are others here"),
    ],
)
def test_what_cannot_be_used_is_told(read: Any, text: str, told: str) -> None:
    found = read(text)
    (fault,) = found.faults
    assert told in fault
    assert fault.startswith("conf/prod/mlflow.yml")


PASSWORD = "supergeheim55"


@pytest.mark.filterwarnings("ignore:.*register_new_resolver:DeprecationWarning")
@pytest.mark.parametrize(
    "text",
    [
        f'uri: ["http://u:{PASSWORD}@h/x"]',
        f"uri: {{drivername: x, password: {PASSWORD}}}",
        f'uri: {{"http://u:{PASSWORD}@h": 1}}',
        f'tags: "http://u:{PASSWORD}@h"',
        f"tags: {{team: {{password: {PASSWORD}}}}}",
        f"run_name: {{password: {PASSWORD}}}",
        f"linger: password={PASSWORD}",
        f"export: http://u:{PASSWORD}@h",
        f'hooks: {{MLflowGitLoggerHook: "password={PASSWORD}"}}',
        f'hooks: {{MLflowGitLoggerHook: ["http://u:{PASSWORD}@h"]}}',
        f'hooks: {{"http://u:{PASSWORD}@h": {{}}}}',
        f'"http://u:{PASSWORD}@h": x',
        f'credentials: "http://u:{PASSWORD}@h"',
        f'"http://u:{PASSWORD}@h": x\n"http://u:{PASSWORD}@h": y',
    ],
)
def test_what_cannot_be_used_is_told_without_its_password(read: Any, text: str) -> None:
    (fault,) = read(text).faults
    assert PASSWORD not in fault
    assert "***" in fault


@pytest.mark.filterwarnings("ignore:.*register_new_resolver:DeprecationWarning")
def test_what_a_hook_of_ones_own_says_of_it_is_masked(read: Any, baked: BakedProject) -> None:
    class MLflowBasicLoggerHook:
        def __init__(self, run_name: str = "") -> None:
            if run_name:
                raise ValueError(f"the name {run_name.removeprefix('http://u:')} is none")

    picky = baked.tracking("arguments").hook_options(MLflowBasicLoggerHook)()
    (fault,) = read(f"run_name: http://u:{PASSWORD}@h", hooks=(picky,)).faults
    assert fault.endswith("the name ***@h is none")


@pytest.mark.filterwarnings("ignore:.*register_new_resolver:DeprecationWarning")
def test_arguments_of_a_hook_of_ones_own(read: Any, baked: BakedProject) -> None:
    """Its annotations are texts where its file says so, or miss, or can't be resolved here."""

    class Plain:
        def __init__(self, limit: float = 0, label=None) -> None:  # type: ignore[no-untyped-def]
            pass

    class Odd:
        def __init__(self, limit: OnlyForTypeCheckers = 0) -> None:  # type: ignore[name-defined]  # noqa: F821
            pass

    hooks = [baked.tracking("arguments").hook_options(one)() for one in (Plain, Odd)]
    given = "hooks:\n  Plain: {limit: %s, label: [1]}\n  Odd: {limit: x}\n"
    assert read(given % 0.5, hooks=hooks).faults == ()
    (fault,) = read(given % "often", hooks=hooks).faults
    assert fault.endswith("limit is 'often'; it must be a number.")


@pytest.mark.filterwarnings("ignore:.*register_new_resolver:DeprecationWarning")
@pytest.mark.parametrize("text", ["", "# uri: x\n", "hooks:\n", "credentials:\n", "tags:\n"])
def test_empty_file_is_accepted(read: Any, text: str) -> None:
    assert read(text).faults == ()


@pytest.mark.filterwarnings("ignore:.*register_new_resolver:DeprecationWarning")
def test_hook_that_is_not_in_use_is_told_and_stops_nothing(read: Any) -> None:
    found = read("hooks: {MLflowGitLoggerHook: {enable_mlflow: false}}")
    assert found.faults == ()
    ((name, told),) = found.notes
    assert name == "MLflowGitLoggerHook"
    assert told.endswith("is no hook of this project; add it to mlflow_hooks in mlflow_config.py")


@pytest.mark.filterwarnings("ignore:.*register_new_resolver:DeprecationWarning")
@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("{user: ann}", "it takes username, password"),
        ("{usernam: ann}", "Did you mean 'username'?"),
        ("{username: ann}", "has 'username' and no 'password'"),
        ("{aws_secret_access_key: x}", "has 'aws_secret_access_key' and no 'aws_access_key_id'"),
        ("{username: ann, password: a, token: b}", "has a token and a password"),
        ("{MLFLOW_TRACKING_URI: x}", "is no credential; write 'uri' in mlflow.yml"),
        ("{PATH: /bin}", "variables of MLflow, AWS, Google and Azure by their own names"),
        ("{token: [x]}", "'token' in the entry 'team' of credentials.yml is no text"),
        ("secret-text", "is no mapping"),
    ],
)
def test_credentials_that_cannot_be_used_are_told_without_them(
    read: Any, entry: str, told: str
) -> None:
    (fault,) = read("credentials: team", f"team: {entry}\n").faults
    assert told in fault
    assert "secret-text" not in fault


@pytest.mark.filterwarnings("ignore:.*register_new_resolver:DeprecationWarning")
@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "team: {token: 'secret-text ${oc.env:NO_SUCH_NAME}'}",
            "conf/base/credentials.yml needs the environment variable NO_SUCH_NAME, which is not "
            "set; set it",
        ),
        (
            "team: {token: 'secret-text ${nowhere}'}",
            "conf/base/credentials.yml can't be read: InterpolationKeyError at team.token",
        ),
        (
            "- secret-text",
            "conf/base/credentials.yml is a list as a whole; it must have `key: value` in each "
            "line",
        ),
        ("team: [secret-text}", "conf/base/credentials.yml can't be read: ParserError"),
    ],
)
def test_credentials_that_cannot_be_read_are_told_by_their_file(
    read: Any, text: str, told: str
) -> None:
    assert read("credentials: team", text).faults == (f"conf/prod/mlflow.yml: {told}",)


def test_credentials_become_the_variables_of_mlflow(baked: BakedProject) -> None:
    credentials = baked.tracking("credentials")
    entry = {"username": "ann", "password": 123456, "insecure_tls": True, "AWS_CA_BUNDLE": "/x"}
    found = credentials.variables_of("team", {**entry, "token": None})
    assert found == {
        "MLFLOW_TRACKING_USERNAME": "ann",
        "MLFLOW_TRACKING_PASSWORD": "123456",
        "MLFLOW_TRACKING_INSECURE_TLS": "true",
        "AWS_CA_BUNDLE": "/x",
    }
    assert credentials.not_set(found, {}) == found


LOGIN = {"username": "ann", "password": "p1"}
KEYS = {"aws_access_key_id": "a", "aws_secret_access_key": "s"}


@pytest.mark.parametrize(
    ("entry", "environ", "left", "login_of"),
    [
        (LOGIN, {}, {"USERNAME", "PASSWORD"}, "username,password@team"),
        # What is set there wins over the same key, and the rest comes from the entry.
        (LOGIN, {"MLFLOW_TRACKING_PASSWORD": "p2"}, {"USERNAME"}, "username@team"),
        (LOGIN, {"MLFLOW_TRACKING_USERNAME": "ann"}, {"PASSWORD"}, "password@team"),
        # Never one's name with another's password, nor a token with either.
        (LOGIN, {"MLFLOW_TRACKING_USERNAME": "bob"}, set(), None),
        (LOGIN, {"MLFLOW_TRACKING_TOKEN": "t"}, set(), None),
        ({"token": "t"}, {"MLFLOW_TRACKING_TOKEN": "t2"}, set(), None),
        ({"token": "t"}, {"MLFLOW_TRACKING_USERNAME": "bob"}, set(), None),
        ({"token": "t"}, {"MLFLOW_TRACKING_PASSWORD": "p2"}, set(), None),
        ({"token": "t"}, {}, {"TOKEN"}, "token@team"),
        (KEYS, {"AWS_ACCESS_KEY_ID": "b"}, set(), None),
        (KEYS, {"AWS_PROFILE": "b"}, set(), None),
    ],
)
def test_environment_wins_and_no_two_logins_are_mixed(
    baked: BakedProject,
    entry: dict[str, str],
    environ: dict[str, str],
    left: set[str],
    login_of: str | None,
) -> None:
    credentials = baked.tracking("credentials")
    found = credentials.variables_of("team", {**entry, "MLFLOW_X": 1})
    found = credentials.with_name("team", found)
    for _ in range(2):  # it is asked where settings are made, and again where a run begins
        found = credentials.not_set(found, environ)
        assert found.pop("KEDRO_MLFLOW_LOGIN_OF", None) == login_of
        assert {name.removeprefix("MLFLOW_TRACKING_") for name in found} == {*left, "MLFLOW_X"}
        found = credentials.with_name("team", found)


NEW_MODULES = ("mlflow_yml", "option_types", "credentials", "unreadable")


@pytest.mark.slow
def test_where_there_is_no_file_nothing_of_it_is_imported(own: BakedProject) -> None:
    own.run("kedro", "run")
    imported = json.loads(own.read_file("modules.json"))
    assert "my_iris.tracking.hooks.basic_logger" in imported
    # Of a wing its table is read, and nothing else.
    news = [name for name in imported if name.startswith("my_iris.tracking.doctor.")]
    news += [f"my_iris.tracking.{name}" for name in NEW_MODULES]
    assert set(news) & set(imported) <= {"my_iris.tracking.doctor.wing"}
    write(own, "base", "# uri: sqlite:///mlruns/other.db\n")
    own.run("kedro", "run")
    assert len(runs_in(own, "sqlite")) == 2
