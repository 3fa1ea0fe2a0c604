"""One node that does nothing but say when it ended."""

import time

from kedro.pipeline import Pipeline, node


def idle(knob: float) -> None:
    """Take a param, which Kedro wants a node to have, and do nothing."""
    print(f"\nidle at {time.time()}", flush=True)


def create_pipeline() -> Pipeline:
    """Return the one node."""
    return Pipeline([node(idle, "params:knob_0", None, name="idle")])
