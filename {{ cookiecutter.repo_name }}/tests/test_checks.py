"""Bad parameters and data give one clear error each, before anything is trained."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from {{ cookiecutter.python_package }}.pipelines import data_science

nodes = data_science.nodes

PARAMETERS = "conf/base/parameters.yml"
CATALOG = "conf/base/catalog.yml"


class Untrainable:
    """Stands for a model that must not be trained."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} was used before the check")


def error_of_training(df: pd.DataFrame, features: Any, target: str) -> str:
    with pytest.raises(ValueError, match=r"conf/base/") as error:
        nodes.train_model(Untrainable(), df, features, target)
    return str(error.value)


def error_of_model(params: Any) -> str:
    with pytest.raises(ValueError, match=PARAMETERS) as error:
        nodes.init_model(params)
    return str(error.value)


@pytest.mark.parametrize(
    ("features", "target", "parameter", "value", "nearest"),
    [
        (["sepal_lenght"], "species", "'features'", "'sepal_lenght'", "'sepal_length'"),
        (["sepal_length"], "specis", "'target'", "'specis'", "'species'"),
    ],
)
def test_unknown_column_is_named_with_those_that_exist(
    iris: pd.DataFrame, features: Any, target: str, parameter: str, value: str, nearest: str
) -> None:
    message = error_of_training(iris, features, target)
    for part in (parameter, value, nearest, ", ".join(iris.columns), "'train_df'", PARAMETERS):
        assert part in message


@pytest.mark.parametrize("features", ["sepal_length", [], None])
def test_features_that_are_no_list_are_refused(iris: pd.DataFrame, features: Any) -> None:
    assert repr(features) in error_of_training(iris, features, "species")


def test_features_named_twice_are_refused(iris: pd.DataFrame) -> None:
    features = ["sepal_length", "sepal_length"]
    assert "'sepal_length' twice" in error_of_training(iris, features, "species")


def test_target_among_the_features_is_refused(iris: pd.DataFrame) -> None:
    assert "'species' is among" in error_of_training(iris, ["species"], "species")


def test_data_without_rows_is_refused(iris: pd.DataFrame) -> None:
    message = error_of_training(iris.head(0), ["sepal_length"], "species")
    assert "'train_df' has no rows" in message
    assert CATALOG in message


@pytest.mark.parametrize(
    ("species", "part"),
    [
        ([1] * 50, "only the class '1'"),
        ([0] * 49 + [1], "the class '1' in one row"),
        ([0] * 25 + [None] * 2 + [1] * 23, "missing in 2 of 50 rows"),
        ([0.5 + number for number in range(50)], "measurements such as 49.5"),
    ],
)
def test_target_that_cannot_be_learnt_is_refused(
    iris: pd.DataFrame, species: list[Any], part: str
) -> None:
    df = iris.assign(species=species)
    message = error_of_training(df, ["sepal_length"], "species")
    assert part in message
    assert "'species'" in message


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("sklearn.linear_model.LogisticRegresion", "'sklearn.linear_model.LogisticRegression'"),
        ("sklearn.ensembles.RandomForestClassifier", "'sklearn.ensemble.RandomForestClassifier'"),
        ("LogisticRegression", "'sklearn.linear_model.LogisticRegression'"),
        ("not_installed.Classifier", "'not_installed', which is not installed"),
        ("sklearn..linear_model", "no estimator 'sklearn..linear_model'"),
        (".linear_model", "no estimator '.linear_model'"),
        ("os.system", "no class of a scikit-learn estimator"),
        ("builtins.dict", "no class of a scikit-learn estimator"),
        ("sklearn.linear_model.LinearRegression", "no classifier"),
        ("sklearn.ensemble.VotingClassifier", "'estimators'"),
    ],
)
def test_unknown_estimator_is_refused(name: str, part: str) -> None:
    message = error_of_model({"class": name})
    assert part in message
    assert name in message


@pytest.mark.parametrize("params", [None, {}, {"C": 1.0}, {"class": 3}, "LogisticRegression"])
def test_model_without_a_class_is_refused(params: Any) -> None:
    assert repr(params) in error_of_model(params)


def test_unknown_hyperparameter_is_named_with_the_nearest() -> None:
    message = error_of_model({"class": "sklearn.linear_model.LogisticRegression", "max_itr": 10})
    assert "'max_itr'" in message
    assert "Did you mean 'max_iter'" in message


def test_stored_model_of_other_features_is_refused(iris: pd.DataFrame) -> None:
    params = {"class": "sklearn.linear_model.LogisticRegression"}
    model = nodes.train_model(nodes.init_model(params), iris, ["sepal_length"], "species")
    for use in (
        lambda: nodes.run_inference(model, iris, ["petal_length"]),
        lambda: nodes.evaluate_model(model, iris, ["petal_length"], "species"),
    ):
        with pytest.raises(ValueError, match=r"trained on sepal_length.*petal_length.*kedro run"):
            use()
