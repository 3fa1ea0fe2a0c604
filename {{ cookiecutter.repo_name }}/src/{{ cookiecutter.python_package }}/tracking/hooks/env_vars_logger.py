"""Environment variables of a run."""

import os
from collections.abc import Iterable
from typing import Any

from kedro.framework.hooks import hook_impl

from .. import env
from ..arguments import hook_options
from ..logs import PlainLogger
from ..recording import runs
from ..secret_names import looks_secret
from .guard import guarded

logger = PlainLogger(__name__)

ALL = "__ALL__"


@hook_options
class MLflowEnvVarsLoggerHook:
    """Records chosen environment variables as params or metrics, in `before_pipeline_run`.

    A value is masked where the name looks secret; with `"__ALL__"` such variables are left out.

    Args:
        param_env_vars: names of variables to record as params, or `"__ALL__"`.
        metric_env_vars: names of variables with a number to record as metrics.
        prefix: stands before the name, as in `env..CI_COMMIT_SHA`.
        enable_mlflow: False turns this hook off.
    """

    def __init__(
        self,
        param_env_vars: Iterable[str] | str | None = None,
        metric_env_vars: Iterable[str] | None = None,
        prefix: str = "env..",
        enable_mlflow: bool = True,
    ) -> None:
        self.param_env_vars = (
            param_env_vars if param_env_vars == ALL else tuple(param_env_vars or ())
        )
        self.metric_env_vars = tuple(metric_env_vars or ())
        self.prefix = prefix
        self.enable_mlflow = enable_mlflow

    @hook_impl
    def before_pipeline_run(self, catalog: Any) -> None:
        """Record the variables."""
        self._log(catalog)

    @guarded
    def _log(self, catalog: Any) -> None:
        recorder = getattr(catalog, runs.ATTRIBUTE, None)
        mine = runs.in_force(self, recorder)
        if recorder is None or recorder.part_folder is not None or not mine.enable_mlflow:
            return
        names = mine.param_env_vars
        if names == ALL:
            there = [name for name in sorted(os.environ) if not name.startswith(env.OFFERED)]
            names = tuple(name for name in there if not looks_secret(name))
            left_out = sorted(set(there) - set(names))
            if left_out:
                logger.info("Left out, for the names look secret: %s.", ", ".join(left_out))
        for name in names:
            if name in os.environ:
                recorder.log_param(f"{mine.prefix}{name}", os.environ[name])
        for name in mine.metric_env_vars:
            if name in os.environ:
                try:
                    recorder.log_metric(f"{mine.prefix}{name}", float(os.environ[name]))
                except ValueError:
                    recorder.warn(name, f"{name} is no number; kept as a param")
                    recorder.log_param(f"{mine.prefix}{name}", os.environ[name])
