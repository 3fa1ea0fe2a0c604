"""Every run in MLflow, without a line of MLflow in the nodes: the public names of this layer.

They are imported when they are first used, so that the exporter, which needs none of them, starts
without Kedro. `README.md` beside this file says what stands where.
"""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .datasets.mlflow_dataset import MLflowDataSet, MLflowDataset
    from .hooks.artifacts_logger import MLflowArtifactsLoggerHook
    from .hooks.basic_logger import MLflowBasicLoggerHook
    from .hooks.catalog_logger import MLflowCatalogLoggerHook
    from .hooks.env_vars_logger import MLflowEnvVarsLoggerHook
    from .hooks.git_logger import MLflowGitLoggerHook
    from .hooks.time_logger import MLflowTimeLoggerHook

_MODULES = {
    "MLflowArtifactsLoggerHook": "hooks.artifacts_logger",
    "MLflowBasicLoggerHook": "hooks.basic_logger",
    "MLflowCatalogLoggerHook": "hooks.catalog_logger",
    "MLflowDataSet": "datasets.mlflow_dataset",
    "MLflowDataset": "datasets.mlflow_dataset",
    "MLflowEnvVarsLoggerHook": "hooks.env_vars_logger",
    "MLflowGitLoggerHook": "hooks.git_logger",
    "MLflowTimeLoggerHook": "hooks.time_logger",
}

# Those of the core; each optional wing adds its own.
__all__ = [
    "MLflowArtifactsLoggerHook",
    "MLflowBasicLoggerHook",
    "MLflowCatalogLoggerHook",
    "MLflowDataSet",
    "MLflowDataset",
    "MLflowEnvVarsLoggerHook",
    "MLflowGitLoggerHook",
    "MLflowTimeLoggerHook",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(import_module(f".{_MODULES[name]}", __name__), name)
    # Python asks for the names of submodules here too, before it imports them.
    if name[:1].isupper() and name in _wings().hooks():
        return _wings().load_hook(name)
    if name.startswith("MLflow"):
        # No AttributeError, of which Python says only that the name can't be imported.
        raise ImportError(
            f"no room of this tracking layer has {name!r}. An optional room may have been left "
            f"out: `python {Path(__file__).parent / 'layer'} status` names it."
        )
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, *_wings().hooks()])


def _wings() -> Any:
    return import_module(".wings", __name__)
