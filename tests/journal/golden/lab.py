"""The project that the golden journals come from: the fault tests' lab, with a small model.

`LAB_FAULT` and `LAB_SLEEP` do to its node `check` what they do to the lab's.
"""

from __future__ import annotations

SRC = "src/golden_lab"

NODES = '''
"""Functions of the golden lab."""

import os
import time
from pathlib import Path

from golden_model import Shifted
from golden_parts import Shift


def count(words: str, weight: float) -> tuple[float, list[float], float]:
    return len(words.split()) * weight, [1 / (step + 1) for step in range(5)], 2.5


def shout(words: str) -> tuple[str, dict, str]:
    letters = {"longest": max(words.split(), key=len), "inner": {"kind": "text"}}
    return words.upper(), letters, "to another experiment\\n"


def train(points):
    return Shifted(shift=Shift(0.5)).fit(points[["x", "n"]], points["y"])


def rate(model, points) -> float:
    return float(model.score(points[["x", "n"]], points["y"]))


def check(words: str, letters: dict, score: float) -> tuple[str, float]:
    Path(f"check-{os.environ.get('LAB_MARK')}.pid").write_text(str(os.getpid()))
    time.sleep(float(os.environ.get("LAB_SLEEP", 0)))
    if os.environ.get("LAB_FAULT") == "raise":
        raise ValueError("the lab's own error")
    return words.lower(), len(letters["longest"]) / 10
'''

MODEL = '''
"""A model of the project's own, in a file that no package holds."""

from sklearn.linear_model import LinearRegression


class Shifted(LinearRegression):
    def __init__(self, shift=None, fit_intercept: bool = True) -> None:
        super().__init__(fit_intercept=fit_intercept)
        self.shift = shift

    def predict(self, X):
        return super().predict(X) + self.shift.by
'''

PARTS = '''
"""What the model needs besides, in a package."""


class Shift:
    def __init__(self, by: float) -> None:
        self.by = by
'''

PIPELINE = '''
"""Wiring of the golden lab."""

from kedro.pipeline import Pipeline, node

from . import nodes as n


def create_pipeline() -> Pipeline:
    return Pipeline(
        [
            node(n.count, ["words", "params:weight"], ["n_words", "losses", "aside"], name="count"),
            node(n.shout, "words", ["loud", "letters", "aside_text"], name="shout"),
            node(n.train, "points", "model", name="train"),
            node(n.rate, ["model", "points"], "score", name="rate"),
            node(n.check, ["words", "letters", "score"], ["quiet", "share"], name="check"),
        ]
    )
'''

CATALOG = '''
"""Datasets of the golden lab; `quiet` and `share` are in no catalog."""

from ..tracking import MLflowDataSet

catalog_dict = {
    "n_words": MLflowDataSet(dataset="m"),
    "losses": MLflowDataSet(dataset="m"),
    "letters": MLflowDataSet(dataset="p"),
    "loud": MLflowDataSet(dataset="txt"),
    "score": MLflowDataSet(dataset="m"),
    "aside": MLflowDataSet(dataset="m", saving_experiment_name="golden aside"),
    "aside_text": MLflowDataSet(dataset="txt", saving_experiment_name="golden aside"),
    "model": MLflowDataSet(
        dataset="model",
        registered_model_name="golden",
        alias="champion",
        promote_if={"metric": "score", "greater_is_better": True},
    ),
}
'''

FILES = {
    "src/golden_model.py": MODEL,
    "src/golden_parts/__init__.py": PARTS,
    f"{SRC}/pipelines/lab/__init__.py": "from .pipeline import create_pipeline  # noqa: F401\n",
    f"{SRC}/pipelines/lab/nodes.py": NODES,
    f"{SRC}/pipelines/lab/pipeline.py": PIPELINE,
    f"{SRC}/catalogs/catalog.py": CATALOG,
    "conf/base/catalog.yml": "words:\n  type: text.TextDataset\n  filepath: data/01_raw/words.txt\n"
    "points:\n  type: pandas.CSVDataset\n  filepath: data/01_raw/points.csv\n",
    "conf/base/parameters.yml": "weight: 0.5\nunused: 1\n",
    "data/01_raw/words.txt": "the quick brown fox jumps over the lazy dog\n",
    "data/01_raw/points.csv": "x,n,y\n0.5,1,1.0\n1.5,2,2.1\n2.5,3,2.9\n3.5,5,4.2\n4.5,4,5.0\n",
}
