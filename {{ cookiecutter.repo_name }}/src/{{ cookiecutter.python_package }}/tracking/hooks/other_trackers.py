"""kedro-mlflow, where it is active beside this layer."""

from collections.abc import Callable
from typing import Any

from ..kedro_internals import plugins_of
from ..logs import PlainLogger
from .guard import guarded

logger = PlainLogger(__name__)


@guarded
def tell_of_kedro_mlflow(context: Any, is_enabled: Callable[[], bool]) -> None:
    """Say how kedro-mlflow is turned off, which would record each run a second time.

    Args:
        context: the project's; its hooks are known by the modules that Kedro has imported already.
        is_enabled: whether this layer records runs.
    """
    for module, name in plugins_of(context):
        if module.partition(".")[0] == "kedro_mlflow" and is_enabled():
            logger.warning(
                "kedro-mlflow is active too, which makes a second MLflow run of each run, or fails "
                "it. Turn it off in settings.py: %s.",
                f'DISABLE_HOOKS_FOR_PLUGINS = ("{name}",)' if name else "take it out of HOOKS",
            )
