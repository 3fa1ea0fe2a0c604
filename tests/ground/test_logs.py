"""What the layer says in the log is plain text, and cannot fail a hook, a dataset or a run."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import rich.console
import rich.logging
from kedro.io import DataCatalog
from kedro.logging import RichHandler
from kedro.pipeline import node, pipeline

from tests.faults.journals import new_journal
from tests.harness.baked import BakedProject

HOSTILE = "conc. [/l]"


class Raising(logging.Handler):
    """A handler of a user's own that fails."""

    def emit(self, record: logging.LogRecord) -> None:
        raise RuntimeError("the handler's own fault")


class NoText(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


def _console() -> rich.console.Console:
    return rich.console.Console(file=io.StringIO(), width=300)


HANDLERS: dict[str, Callable[[], logging.Handler]] = {
    "kedro": lambda: RichHandler(console=_console()),
    "rich": lambda: rich.logging.RichHandler(console=_console(), markup=True),
    "plain": lambda: logging.StreamHandler(io.StringIO()),
    "raising": Raising,
}


@pytest.fixture(params=HANDLERS)
def handler(request: pytest.FixtureRequest) -> Iterator[logging.Handler]:
    """Each sort of handler at the root logger, as a project's `logging.yml` may have it."""
    made = HANDLERS[request.param]()
    logging.getLogger().addHandler(made)
    yield made
    logging.getLogger().removeHandler(made)
    logging.captureWarnings(False)  # Kedro's handler turns it on


def told(handler: logging.Handler, capsys: pytest.CaptureFixture[str]) -> str:
    """Everything that a user reads."""
    stream: Any = getattr(handler, "stream", None) or getattr(handler, "console", None)
    file = getattr(stream, "file", stream)
    text = file.getvalue() if file is not None else capsys.readouterr().err
    return re.sub(r"\s+", " ", text)


# Row 23 of issue 12.
def test_name_in_brackets_is_told_as_it_is(
    handler: logging.Handler,
    baked: BakedProject,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    recorder = new_journal(baked.tracking, tmp_path, "sqlite:///unused.db")
    recorder.log_metric(HOSTILE, 1.0)
    recorder.log_metric("after", 2.0)
    recorder.journal.close()
    assert f"MLflow takes no key '{HOSTILE}'" in told(handler, capsys)
    (events,) = recorder.folder.glob("events-*")
    values = [json.loads(line)["v"] for line in events.read_text("utf8").splitlines()]
    assert values == [1.0, 2.0]


@pytest.mark.parametrize("shape", ["dataset", "undeclared", "parameter"])
def test_name_in_brackets_breaks_no_hook_and_loses_nothing(
    handler: logging.Handler, shape: str, baked: BakedProject, tmp_path: Path
) -> None:
    recorder = new_journal(baked.tracking, tmp_path, "sqlite:///unused.db")
    value = {HOSTILE: 1.0, "after": 2.0}
    if shape == "dataset":
        dataset = baked.tracking("datasets.mlflow_dataset").MLflowDataSet(
            "m", filepath=str(tmp_path / "m.pkl")
        )
        dataset.connect(recorder, "made")
        dataset.save(value)
        assert dataset.load() == value
    else:
        one = node(lambda given: given, "parameters", "made", name="one")
        catalog = DataCatalog({})
        setattr(catalog, baked.tracking("recording.runs").ATTRIBUTE, recorder)
        hook = baked.tracking("hooks.catalog_logger").MLflowCatalogLoggerHook()
        recorder.undeclared = frozenset(pipeline([one]).outputs())
        if shape == "parameter":
            around = hook.before_node_run(catalog, {"parameters": value})
        else:
            around = hook.after_node_run(catalog, {}, {"made": value})
        next(around)
        with pytest.raises(StopIteration):
            around.send([])
    recorder.journal.close()
    (events,) = recorder.folder.glob("events-*")
    texts = [str(json.loads(line).get("v")) for line in events.read_text("utf8").splitlines()]
    assert {"1.0", "2.0"} <= set(texts)


def test_fault_of_the_layer_reaches_no_pipeline(
    handler: logging.Handler, baked: BakedProject, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not even one whose text cannot be made."""
    baked.tracking("hooks.guard")._warned.clear()

    def hook() -> None:
        raise NoText

    baked.tracking("hooks.guard").guarded(hook)()
    assert "failed; the pipeline goes on" in told(handler, capsys)


def test_masking_a_record_that_cannot_be_formatted_raises_nothing(
    baked: BakedProject, capsys: pytest.CaptureFixture[str]
) -> None:
    """`logging` tells of wrong arguments on the error output; a filter must not raise."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(baked.tracking("logs").SecretsFilter(["hunter2-Tr0ub4dor"]))
    logger = logging.Logger("a user's own")
    logger.addHandler(handler)
    logger.info("%d %d", 1)
    logger.info("the password is %s", "hunter2-Tr0ub4dor")
    assert "Logging error" in capsys.readouterr().err
    assert stream.getvalue() == "the password is ***\n"


def test_record_names_the_place_that_spoke(baked: BakedProject) -> None:
    records: list[logging.LogRecord] = []

    class Keeping(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(record)

    logs = baked.tracking("logs")
    handler = Keeping()
    logging.getLogger("where").addHandler(handler)
    logs.PlainLogger("where").warning("here")
    assert records[0].pathname == __file__


def test_every_module_speaks_through_it(baked: BakedProject) -> None:
    """No module of the layer has a logger whose messages a handler may take for markup."""
    layer = baked.root / "src" / baked.package / "tracking"
    found = [path.name for path in layer.rglob("*.py") if "getLogger(__name__)" in path.read_text()]
    assert found == []


@pytest.mark.slow
def test_command_leaves_mlflows_word_on_its_own_work_out(project: BakedProject) -> None:
    code = """
import logging
from my_iris.tracking.logs import say_only_warnings
say_only_warnings("exporting.attempts")
import mlflow
logging.getLogger("mlflow.store.db.utils").info("Creating initial MLflow database tables...")
logging.getLogger("mlflow.store.db.utils").warning("a warning is kept")
logging.getLogger("my_iris.tracking.exporting.attempts").warning("Cannot export now")
logging.getLogger("my_iris.tracking.exporting.journals").warning("another is kept")
"""
    said = project.run("python", "-c", code, env={"PYTHONPATH": "src"}).stderr
    assert "Creating initial" not in said
    assert "Cannot export now" not in said
    assert "a warning is kept" in said
    assert "another is kept" in said


@pytest.mark.slow
@pytest.mark.parametrize("is_imported", [True, False])
def test_what_mlflow_says_in_the_users_process_is_as_before(
    project: BakedProject, is_imported: bool
) -> None:
    code = f"""
import logging, os
from my_iris.tracking.logs import only_warnings_of_mlflow
{"import mlflow" if is_imported else ""}
with only_warnings_of_mlflow():
    import mlflow
    logging.getLogger("mlflow.store.db.utils").info("left out")
    logging.getLogger("mlflow.store.db.utils").warning("a warning is kept")
logging.getLogger("mlflow.store.db.utils").info("said again")
print("MLFLOW_LOGGING_LEVEL" in os.environ)
"""
    done = project.run("python", "-c", code, env={"PYTHONPATH": "src"})
    assert "left out" not in done.stderr
    assert "a warning is kept" in done.stderr
    assert "said again" in done.stderr
    assert done.stdout.endswith("False\n")
