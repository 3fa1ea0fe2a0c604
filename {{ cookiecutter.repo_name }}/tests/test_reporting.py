"""The pictures show what the model does, whatever classifier or regressor it is."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pandas as pd
import pytest

from {{ cookiecutter.python_package }}.pipelines import (
    data_science,
    reporting,
)

nodes = reporting.nodes
FEATURES = ["sepal_length", "petal_length"]
MODELS: dict[str, dict[str, Any]] = {
    "coefficients": {"class": "sklearn.linear_model.LogisticRegression"},
    "importances": {"class": "sklearn.ensemble.RandomForestClassifier", "n_estimators": 10},
    "neither": {"class": "sklearn.neighbors.KNeighborsClassifier"},
    "no probabilities": {"class": "sklearn.svm.LinearSVC"},
}
REGRESSORS: dict[str, dict[str, Any]] = {
    "coefficients": {"class": "sklearn.linear_model.Ridge"},
    "coefficients in a row": {"class": "sklearn.svm.SVR", "kernel": "linear"},
    "coefficients of a component": {
        "class": "sklearn.cross_decomposition.PLSRegression",
        "n_components": 1,
    },
    "importances": {"class": "sklearn.ensemble.RandomForestRegressor", "n_estimators": 10},
    "neither": {"class": "sklearn.neighbors.KNeighborsRegressor"},
}


def train(df: pd.DataFrame, kind: str) -> Any:
    return train_as(MODELS[kind], df, FEATURES, "species")


def train_as(params: dict[str, Any], df: pd.DataFrame, features: list[str], target: str) -> Any:
    model = data_science.nodes.init_model(params)
    return data_science.nodes.train_model(model, df, features, target)


@pytest.fixture(params=["two classes", "three classes of text"])
def data(request: pytest.FixtureRequest, iris: pd.DataFrame) -> pd.DataFrame:
    if request.param == "two classes":
        return iris
    return iris.assign(species=["a"] * 15 + ["b"] * 20 + ["c"] * 15)


def test_rows_are_predicted_by_models_that_have_not_learnt_them(iris: pd.DataFrame) -> None:
    noise = iris.assign(species=np.random.default_rng(0).integers(0, 2, len(iris)))
    validated = nodes.cross_validate(train(noise, "importances"), noise, FEATURES, "species")
    right = (validated["actual"] == validated["pred"]).mean()
    assert right < 0.8
    assert validated[["proba_0", "proba_1"]].sum(axis=1).to_list() == pytest.approx([1] * len(iris))


@pytest.mark.parametrize("kind", MODELS)
def test_each_picture_is_drawn_for_each_kind_of_model(data: pd.DataFrame, kind: str) -> None:
    model = train(data, kind)
    validated = nodes.cross_validate(model, data, FEATURES, "species")
    pred_df = data_science.nodes.run_inference(model, data, FEATURES)
    for figure in (
        nodes.plot_predicted_vs_actual(validated),
        nodes.plot_diagnostics(validated),
        nodes.plot_importance(model, data, FEATURES, "species"),
        nodes.plot_prediction_histogram(pred_df),
    ):
        assert figure.axes or "no probabilities" in figure.texts[0].get_text()
        # Kedro hands on a copy. What a coming Python can't copy is a warning here, and so an error.
        assert len(copy.deepcopy(figure).axes) == len(figure.axes)


def test_confusion_matrix_counts_rows() -> None:
    validated = pd.DataFrame({"actual": [0, 0, 1, 1, 1], "pred": [0, 1, 1, 1, 1]})
    (axes,) = nodes.plot_predicted_vs_actual(validated).axes
    assert [text.get_text() for text in axes.texts] == ["1", "1", "0", "3"]
    assert "4 of 5" in axes.get_title()


def test_curves_of_a_perfect_model_fill_the_square() -> None:
    proba = [0.1, 0.2, 0.8, 0.9]
    validated = pd.DataFrame({"actual": [0, 0, 1, 1], "pred": [0, 0, 1, 1], "proba_1": proba})
    roc, pr = nodes.plot_diagnostics(validated).axes
    assert "1: area 1.000" in roc.get_legend_handles_labels()[1]
    assert pr.get_legend_handles_labels()[1] == ["1: mean precision 1.000"]


def test_importance_names_features_and_text_values(titanic: pd.DataFrame) -> None:
    features = ["Pclass", "Sex"]
    model = train_as(MODELS["coefficients"], titanic, features, "Survived")
    (axes,) = nodes.plot_importance(model, titanic, features, "Survived").axes
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert sorted(names) == ["Pclass", "Sex_female", "Sex_male"]
    assert names[-1].startswith("Sex")  # decides most, so it stands on top


@pytest.mark.parametrize("kind", REGRESSORS)
def test_each_picture_is_drawn_for_each_kind_of_regressor(iris: pd.DataFrame, kind: str) -> None:
    data = (iris, FEATURES, "petal_width")
    model = train_as(REGRESSORS[kind], *data)
    validated = nodes.cross_validate(model, *data)
    assert list(validated) == ["actual", "pred", "residual"]
    pred_df = data_science.nodes.run_inference(model, iris, FEATURES)
    figures = {
        "Predicted and actual": nodes.plot_predicted_vs_actual(validated),
        "Residuals": nodes.plot_diagnostics(validated),
        f"of {REGRESSORS[kind]['class'].split('.')[-1]}": nodes.plot_importance(model, *data),
        "50 predictions": nodes.plot_prediction_histogram(pred_df),
    }
    for title, figure in figures.items():
        assert title in figure.axes[0].get_title()
        assert len(copy.deepcopy(figure).axes) == len(figure.axes)


def test_residuals_are_actual_minus_predicted_for_rows_not_learnt(iris: pd.DataFrame) -> None:
    noise = iris.assign(target=np.random.default_rng(0).normal(size=len(iris)))
    model = train_as(REGRESSORS["importances"], noise, FEATURES, "target")
    validated = nodes.cross_validate(model, noise, FEATURES, "target")
    expected = (noise["target"] - validated["pred"]).to_list()
    assert validated["residual"].to_list() == pytest.approx(expected)
    assert validated["residual"].std() > 0.9  # it would be half of that for learnt rows
    figure = nodes.plot_diagnostics(validated)
    error = (validated["residual"] ** 2).mean() ** 0.5
    assert f"{error:.4g}" in figure.axes[1].get_title()


def test_a_stored_model_of_the_other_kind_is_told_of(iris: pd.DataFrame) -> None:
    data = iris.assign(text=["a", "b"] * 25)
    classifier = train(iris, "neither")
    regressor = train_as(REGRESSORS["neither"], iris, FEATURES, "petal_width")
    for stored, target in ((classifier, "petal_length"), (regressor, "text")):
        with pytest.raises(ValueError, match=rf"(?s)on the target '{target}'.*`kedro run`"):
            nodes.cross_validate(stored, data, FEATURES, target)


def test_importances_stand_at_the_right_names_however_columns_are_sorted() -> None:
    rng = np.random.default_rng(0)
    days = pd.date_range("2021-01-01", periods=60).strftime("%Y-%m-%d")
    df = pd.DataFrame({"day": days, "size": rng.normal(size=60), "target": np.arange(60.0)})
    model = train_as(REGRESSORS["importances"], df, ["day", "size"], "target")
    (axes,) = nodes.plot_importance(model, df, ["day", "size"], "target").axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["size", "day"]
