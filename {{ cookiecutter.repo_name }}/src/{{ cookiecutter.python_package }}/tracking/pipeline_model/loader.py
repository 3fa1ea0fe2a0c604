"""Loads a pipeline of Kedro's as a model of MLflow's.

It lies in the `code` of each such model, as `kedro_pipeline_model`; so it imports nothing of the
layer, and what a model needs is in its folder.
"""

import json
import pickle
from pathlib import Path
from typing import Any


def _load_pyfunc(path: str) -> "PipelineModel":
    """Return the model; the name is MLflow's."""
    return PipelineModel(Path(path))


class PipelineModel:
    """A pipeline that answers for one of its inputs; nothing is tracked and no catalog is read.

    Args:
        folder: holds `pipeline.pkl`, and the values that the nodes need.
    """

    def __init__(self, folder: Path) -> None:
        about = json.loads((folder / "values.json").read_text("utf8"))
        # Pickles run code as they are loaded, as those of any model: load those you trust.
        packed = pickle.loads((folder / "pipeline.pkl").read_bytes())  # noqa: S301
        self.pipeline = packed["pipeline"]
        self.input = str(packed["input"])
        self.output = str(packed["output"])
        self.given: dict[str, Any] = dict(packed["params"])
        for name, file in about.items():
            self.given[name] = pickle.loads((folder / file).read_bytes())  # noqa: S301

    def predict(self, model_input: Any, params: dict[str, Any] | None = None) -> Any:
        """Return what the pipeline makes of an input.

        Args:
            model_input: the dataset that the model takes.
            params: not used; MLflow gives them.
        """
        held = {**self.given, self.input: model_input}
        for node in self.pipeline.nodes:
            held.update(node.run({name: held[name] for name in node.inputs}))
        return held[self.output]
