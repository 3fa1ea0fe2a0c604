"""What is said of a run as a whole: its times, its command, and the run params that are set."""

import getpass
import platform
from typing import Any

from ..clock import end_of
from ..recording import lifecycle
from ..recording.repeat_command import repeat_command, run_params_that_are_set
from ..redact import redact_mapping


def log_begin(run: lifecycle.Run, mine: Any, run_params: dict[str, Any], begun_ns: int) -> None:
    """Say when a run began, and by which command.

    Args:
        run: the run.
        mine: the `MLflowBasicLoggerHook` as the run has it.
        run_params: of Kedro.
        begun_ns: when it began, in nanoseconds since 1970.
    """
    recorder = run.recorder
    if mine.enable_logging_time_begin:
        recorder.log_clock("__time_begin", begun_ns, mine.offset_hours)
    recorder.set_tag("mlflow.source.name", "kedro run")
    recorder.set_tag("mlflow.source.type", "PROJECT")
    recorder.set_tag("mlflow.user", getpass.getuser())
    recorder.set_tag("python.version", platform.python_version())
    recorder.set_tag("kedro.command", repeat_command(run_params))
    recorder.set_tag("kedro.version", run_params.get("kedro_version", ""))
    for name, value in run_params_that_are_set(run_params).items():
        recorder.set_tag(f"kedro.{name}", value)
    chosen = mine.logging_kedro_run_params
    for name, value in redact_mapping(run_params).items():
        if chosen == "__ALL__" or name in chosen:
            recorder.log_params(value, f"___{name}")


def log_end_times(run: lifecycle.Run, mine: Any) -> None:
    """Say when a run ended, and how long it took.

    Args:
        run: the run.
        mine: the `MLflowBasicLoggerHook` as the run has it.
    """
    now = end_of(run.begun)
    if mine.enable_logging_time_end:
        run.recorder.log_clock("__time_end", now, mine.offset_hours)
    if mine.enable_logging_time:
        run.recorder.log_metric("__time", (now - run.begun[0]) / 1e9)
