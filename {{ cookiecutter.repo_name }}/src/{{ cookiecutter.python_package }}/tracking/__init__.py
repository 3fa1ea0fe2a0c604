"""Every run in MLflow, without a line of MLflow in the nodes: the public names of this layer.

They are imported when they are first used, so that the exporter, which needs none of them, starts
without Kedro.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .dataset import MLflowDataSet, MLflowDataset
    from .hooks.artifacts import MLflowArtifactsLoggerHook
    from .hooks.autolog import MLflowAutologHook
    from .hooks.basic import MLflowBasicLoggerHook
    from .hooks.catalog import MLflowCatalogLoggerHook
    from .hooks.env_vars import MLflowEnvVarsLoggerHook
    from .hooks.git import MLflowGitLoggerHook
    from .hooks.time import MLflowTimeLoggerHook

_MODULES = {
    "MLflowArtifactsLoggerHook": "hooks.artifacts",
    "MLflowAutologHook": "hooks.autolog",
    "MLflowBasicLoggerHook": "hooks.basic",
    "MLflowCatalogLoggerHook": "hooks.catalog",
    "MLflowDataSet": "dataset",
    "MLflowDataset": "dataset",
    "MLflowEnvVarsLoggerHook": "hooks.env_vars",
    "MLflowGitLoggerHook": "hooks.git",
    "MLflowTimeLoggerHook": "hooks.time",
}

__all__ = [
    "MLflowArtifactsLoggerHook",
    "MLflowAutologHook",
    "MLflowBasicLoggerHook",
    "MLflowCatalogLoggerHook",
    "MLflowDataSet",
    "MLflowDataset",
    "MLflowEnvVarsLoggerHook",
    "MLflowGitLoggerHook",
    "MLflowTimeLoggerHook",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_MODULES[name]}", __name__), name)
