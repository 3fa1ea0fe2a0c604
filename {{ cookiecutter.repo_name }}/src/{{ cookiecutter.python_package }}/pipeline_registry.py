"""The pipelines that `kedro run` knows."""

import re
from difflib import get_close_matches
from pathlib import Path

from kedro.framework.project import find_pipelines
from kedro.pipeline import Pipeline

# Not of `kedro run` without a name: what it needs must be there before.
ON_DEMAND = ("inference",)
FOLDER = Path(__file__).with_name("pipelines")


def register_pipelines() -> dict[str, Pipeline]:
    """Register each folder of `pipelines/` by its name, and all but a few together as default."""
    try:
        pipelines = find_pipelines(raise_errors=True)
    except ImportError as error:  # Kedro 1.7 says this of a name that is not there, too
        asked = re.search(r"\.pipelines\.([^']+)' module", str(error))
        known = sorted(path.parent.name for path in FOLDER.glob("*/__init__.py"))
        if asked is None or asked[1] in known:
            raise
        nearest = get_close_matches(asked[1], known, n=1)
        hint = f" Did you mean {nearest[0]!r}?" if nearest else ""
        raise ValueError(
            f"There is no pipeline {asked[1]!r}; there are {', '.join(known)}.{hint}"
        ) from None
    default = [pipeline for name, pipeline in pipelines.items() if name not in ON_DEMAND]
    pipelines["__default__"] = sum(default, start=Pipeline([]))
    return pipelines
