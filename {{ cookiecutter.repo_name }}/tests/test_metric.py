"""`metric` decides what the score is, and fits the kind of model or is refused in one sentence."""

from __future__ import annotations

import math
import warnings
from typing import Any

import pandas as pd
import pytest
from sklearn.metrics import (
    average_precision_score,
    balanced_accuracy_score,
    get_scorer_names,
    r2_score,
    roc_auc_score,
    root_mean_squared_error,
)

from {{ cookiecutter.python_package }}.pipelines import data_science

nodes = data_science.nodes

FEATURES = ["sepal_length", "petal_length"]
CLASSIFIER = {"class": "sklearn.linear_model.LogisticRegression"}
REGRESSOR = {"class": "sklearn.linear_model.Ridge"}
BAYES = {"class": "sklearn.naive_bayes.GaussianNB"}
WITHOUT_PROBABILITY = {"class": "sklearn.svm.LinearSVC"}


def train(df: pd.DataFrame, params: dict[str, Any], target: str = "species") -> Any:
    return nodes.train_model(nodes.init_model(params), df, FEATURES, target)


def score(df: pd.DataFrame, model: Any, metric: str | None, target: str = "species") -> Any:
    return nodes.evaluate_model(model, df, FEATURES, target, {"metric": metric})


def in_words(df: pd.DataFrame, count: int) -> pd.DataFrame:
    words = {2: ["a", "b"] * 25, 3: ["a", "b", "c", "a", "c"] * 10}
    return df.assign(species=words[count])


@pytest.mark.parametrize("parameters", [None, {}, {"metric": None}, {"metric": "r2"}])
def test_a_regressor_is_scored_by_r2_unless_told_otherwise(
    iris: pd.DataFrame, parameters: Any
) -> None:
    model = train(iris, REGRESSOR, "sepal_width")
    predicted = nodes.run_inference(model, iris, FEATURES)["pred"]
    found = nodes.evaluate_model(model, iris, FEATURES, "sepal_width", parameters)
    assert found[1] == pytest.approx(r2_score(iris["sepal_width"], predicted))
    assert 0.2 < found[0] < found[1]


def test_errors_are_negative_so_that_greater_is_better(iris: pd.DataFrame) -> None:
    model = train(iris, REGRESSOR, "sepal_width")
    predicted = nodes.run_inference(model, iris, FEATURES)["pred"]
    found = score(iris, model, "neg_root_mean_squared_error", "sepal_width")
    assert found[1] == pytest.approx(-root_mean_squared_error(iris["sepal_width"], predicted))
    assert found[0] < found[1]


def test_metrics_of_classes_are_those_of_scikit_learn(iris: pd.DataFrame) -> None:
    three, two = in_words(iris, 3), in_words(iris, 2)
    of_three, of_two = train(three, CLASSIFIER), train(two, CLASSIFIER)
    auc = roc_auc_score(three["species"], of_three.predict_proba(iris[FEATURES]), multi_class="ovr")
    assert score(three, of_three, "roc_auc")[1] == pytest.approx(auc)
    balanced = balanced_accuracy_score(three["species"], of_three.predict(iris[FEATURES]))
    assert score(three, of_three, "balanced_accuracy")[1] == pytest.approx(balanced)
    of_b = of_two.decision_function(iris[FEATURES])
    mean = average_precision_score(two["species"] == "b", of_b)
    assert score(two, of_two, "average_precision")[1] == pytest.approx(mean)


@pytest.mark.parametrize("kind", ["two classes", "three classes", "numbers"])
def test_each_scorer_of_scikit_learn_scores_or_is_refused(
    iris: pd.DataFrame, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nodes, "MAX_FOLDS", 2)
    params, target = (REGRESSOR, "sepal_width") if kind == "numbers" else (BAYES, "species")
    df = iris if kind == "numbers" else in_words(iris, 2 if kind == "two classes" else 3)
    model = train(df, params, target)
    scored, refused = set(), set()
    for metric in get_scorer_names():
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # scikit-learn's, of classes it never predicts
                found = score(df, model, metric, target)
        except ValueError as error:
            refused.add((metric, str(error)))
        else:
            assert isinstance(found[0], float)
            scored.add(metric)
    errors = {name for name in get_scorer_names() if name.endswith("_error")}
    classes = {"f1", "precision", "recall", "jaccard", "accuracy", "roc_auc", "neg_log_loss"}
    wanted = errors | {"r2"} if kind == "numbers" else classes | {"neg_brier_score"}
    other = classes | {"v_measure_score"} if kind == "numbers" else errors | {"r2"}
    assert wanted <= scored
    assert other <= {metric for metric, _ in refused}
    for metric, told in refused:
        assert told.startswith(f"'metric' is {metric!r}")
        assert "Edit 'metric' in conf/base/parameters.yml" in told


@pytest.mark.parametrize(
    ("params", "metric", "part"),
    [
        (CLASSIFIER, "acuracy", "Did you mean 'accuracy'"),
        (CLASSIFIER, "F1", "Did you mean 'f1'"),
        (CLASSIFIER, "r2", "take f1, accuracy, roc_auc"),
        (REGRESSOR, "f1", "take r2, neg_root_mean_squared_error"),
        (REGRESSOR, "root_mean_squared_error", "Did you mean 'neg_root_mean_squared_error'"),
        (REGRESSOR, ["r2"], "does not know"),
    ],
)
def test_a_metric_that_does_not_fit_is_refused_before_the_training(
    params: Any, metric: Any, part: str
) -> None:
    with pytest.raises(ValueError, match=r"'metric' in conf/base/parameters\.yml") as error:
        nodes.init_model(params, {"metric": metric})
    assert repr(metric) in str(error.value)
    assert part in str(error.value)


@pytest.mark.parametrize(("metric", "count"), [("neg_log_loss", 2), ("roc_auc", 3)])
def test_a_model_without_probabilities_is_said_to_have_none(
    iris: pd.DataFrame, metric: str, count: int
) -> None:
    df = in_words(iris, count)
    with pytest.raises(ValueError, match=r"needs probabilities, and LinearSVC gives none"):
        score(df, train(df, WITHOUT_PROBABILITY), metric)


def test_a_decision_function_is_enough_for_roc_auc_of_two_classes(iris: pd.DataFrame) -> None:
    assert math.isclose(score(iris, train(iris, WITHOUT_PROBABILITY), "roc_auc")[1], 1.0)


def test_a_stored_model_of_the_other_kind_is_told_of(iris: pd.DataFrame) -> None:
    stored = train(iris, REGRESSOR, "sepal_width")
    with pytest.raises(ValueError, match=r"regressor Ridge.*`kedro run` trains anew"):
        score(iris, stored, "f1", "sepal_width")
    stored = train(iris, CLASSIFIER)
    with pytest.raises(ValueError, match=r"classifier LogisticRegression.*train anew with `kedro"):
        score(iris, stored, "r2", "sepal_width")
