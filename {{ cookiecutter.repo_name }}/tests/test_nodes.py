"""The nodes do what the pipeline promises."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sklearn.metrics import f1_score

from {{ cookiecutter.python_package }}.pipelines import data_science

nodes = data_science.nodes

LOGISTIC = {"class": "sklearn.linear_model.LogisticRegression", "C": 1.23456, "random_state": 42}
FOREST = {"class": "sklearn.ensemble.RandomForestClassifier", "n_estimators": 20, "random_state": 0}
WITHOUT_PROBABILITY = {"class": "sklearn.svm.LinearSVC", "C": 0.5}
ALL_TITANIC = ["Pclass", "Sex", "Age", "Parch", "Cabin"]


def train(
    df: pd.DataFrame, features: list[str], target: str, params: dict[str, Any] = LOGISTIC
) -> Any:
    return nodes.train_model(nodes.init_model(params), df, features, target)


WIRING = ("__init__.py", "pipeline.py")
PIPELINES = Path(data_science.__file__).parents[1]
PROCESSING = sorted(path for path in PIPELINES.glob("*/*.py") if path.name not in WIRING)


@pytest.mark.parametrize("module", PROCESSING, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_processing_code_imports_neither_kedro_nor_mlflow(module: Path) -> None:
    imported = set()
    for statement in ast.walk(ast.parse(module.read_text(encoding="utf8"))):
        if isinstance(statement, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in statement.names}
        elif isinstance(statement, ast.ImportFrom):
            # A relative import may reach no further than the pipeline's own folder.
            assert statement.level <= 1
            imported.add((statement.module or "").partition(".")[0])
    assert not imported & {"kedro", "mlflow", "kedro_datasets"}


def test_hyperparameters_reach_the_estimator() -> None:
    estimator = nodes.init_model(LOGISTIC)["estimator"]
    assert (estimator.C, estimator.random_state) == (1.23456, 42)


def test_training_leaves_the_untrained_model_as_it_was(iris: pd.DataFrame) -> None:
    untrained = nodes.init_model(LOGISTIC)
    trained = nodes.train_model(untrained, iris, ["sepal_length"], "species")
    assert hasattr(trained, "classes_")
    assert not hasattr(untrained["estimator"], "classes_")


@pytest.mark.parametrize("params", [LOGISTIC, FOREST, WITHOUT_PROBABILITY])
@pytest.mark.parametrize("features", [["Pclass", "Parch"], ["Sex"], ALL_TITANIC])
def test_titanic_with_text_and_gaps_is_trained_scored_and_predicted(
    titanic: pd.DataFrame, features: list[str], params: dict[str, Any]
) -> None:
    model = train(titanic, features, "Survived", params)
    score, train_score = nodes.evaluate_model(model, titanic, features, "Survived")
    predicted = nodes.run_inference(model, titanic, features)
    assert train_score == f1_score(titanic["Survived"], predicted["pred"])
    assert 0 <= score <= 1
    if "Sex" in features:
        assert score > 0.7


def test_values_never_seen_in_training_are_predicted(titanic: pd.DataFrame) -> None:
    model = train(titanic, ALL_TITANIC, "Survived")
    strange = titanic.head(3).assign(Sex=["unknown", None, "male"], Age=None, Cabin="Z9")
    strange["Age"] = strange["Age"].astype(float)
    assert nodes.run_inference(model, strange, ALL_TITANIC)["pred"].notna().all()


def test_score_is_lower_than_the_score_on_learnt_rows_for_a_model_that_memorises(
    iris: pd.DataFrame,
) -> None:
    features = ["sepal_length", "sepal_width"]
    noisy = iris.assign(species=[0, 1] * 25)
    model = train(noisy, features, "species", FOREST)
    score, train_score = nodes.evaluate_model(model, noisy, features, "species")
    assert train_score > 0.9 > 0.7 > score


def test_score_is_the_same_for_text_classes(iris: pd.DataFrame) -> None:
    named = iris.assign(species=iris["species"].map({0: "setosa", 1: "versicolor"}))
    scores = [
        nodes.evaluate_model(
            train(df, ["sepal_length"], "species"), df, ["sepal_length"], "species"
        )
        for df in (iris, named)
    ]
    assert scores[0] == scores[1]


def test_more_than_two_classes_are_scored_by_their_mean(iris: pd.DataFrame) -> None:
    three = iris.assign(species=["a"] * 15 + ["b"] * 20 + ["c"] * 15)
    features = ["sepal_length", "petal_length"]
    model = train(three, features, "species")
    _, train_score = nodes.evaluate_model(model, three, features, "species")
    predicted = nodes.run_inference(model, three, features)
    assert train_score == f1_score(three["species"], predicted["pred"], average="macro")
    assert predicted["pred_proba"].between(1 / 3, 1).all()


def test_a_class_of_two_rows_is_scored_with_two_folds(iris: pd.DataFrame) -> None:
    few = pd.concat([iris[iris["species"] == 0].head(2), iris[iris["species"] == 1]])
    model = train(few, ["petal_length"], "species")
    score, _ = nodes.evaluate_model(model, few, ["petal_length"], "species")
    assert score == 1.0


def test_inference_adds_two_columns_and_leaves_its_input_unchanged(iris: pd.DataFrame) -> None:
    model = train(iris, ["petal_length"], "species")
    before = iris.copy(deep=True)
    predicted = nodes.run_inference(model, iris, ["petal_length"])
    pd.testing.assert_frame_equal(iris, before)
    pd.testing.assert_frame_equal(predicted[list(iris)], before)
    assert list(predicted)[-2:] == ["pred", "pred_proba"]
    assert ((predicted["pred_proba"] > 0.5) == (predicted["pred"] == 1)).all()


def test_a_model_without_probabilities_gives_none(iris: pd.DataFrame) -> None:
    model = train(iris, ["petal_length"], "species", WITHOUT_PROBABILITY)
    predicted = nodes.run_inference(model, iris, ["petal_length"])
    assert predicted["pred_proba"].isna().all()
    assert set(predicted["pred"]) == {0, 1}


def test_a_regressor_predicts_numbers_and_no_probabilities(iris: pd.DataFrame) -> None:
    params = {"class": "sklearn.linear_model.LinearRegression"}
    model = train(iris, ["petal_length", "species"], "petal_width", params)
    predicted = nodes.run_inference(model, iris, ["petal_length", "species"])
    assert list(predicted) == [*iris, "pred"]
    assert predicted["pred"].nunique() > 10
    assert (predicted["pred"] - iris["petal_width"]).abs().mean() < 0.2
