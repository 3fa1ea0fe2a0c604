"""The pipelines that `kedro run` knows."""

from kedro.framework.project import find_pipelines
from kedro.pipeline import Pipeline

# Not of `kedro run` without a name: what it needs must be there before.
ON_DEMAND = ("inference",)


def register_pipelines() -> dict[str, Pipeline]:
    """Register each folder of `pipelines/` by its name, and all but a few together as default."""
    pipelines = find_pipelines(raise_errors=True)
    default = [pipeline for name, pipeline in pipelines.items() if name not in ON_DEMAND]
    pipelines["__default__"] = sum(default, start=Pipeline([]))
    return pipelines
