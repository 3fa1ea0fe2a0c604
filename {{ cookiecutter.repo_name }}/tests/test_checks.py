"""Bad parameters and data give one clear error each, before anything is trained."""

from __future__ import annotations

import sys
from typing import Any

import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

from {{ cookiecutter.python_package }}.pipelines import data_science

nodes = data_science.nodes

HALVES: list[Any] = [0.5 + number for number in range(50)]
PARAMETERS = "conf/base/parameters.yml"
CATALOG = "conf/base/catalog.yml"


def never_fit(self: Any, *_: Any) -> Any:
    raise AssertionError("trained before the check")


def error_of_training(
    df: pd.DataFrame, features: Any, target: str, model: Any = LogisticRegression
) -> str:
    untrainable = type(model.__name__, (model,), {"fit": never_fit})()
    with pytest.raises(ValueError, match=r"conf/base/") as error:
        nodes.train_model(untrainable, df, features, target)
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


def test_a_regressor_needs_four_rows(iris: pd.DataFrame) -> None:
    message = error_of_training(iris.head(3), ["sepal_length"], "petal_length", Ridge)
    assert "'train_df' has 3 rows" in message


@pytest.mark.parametrize(
    ("model", "target", "part"),
    [
        ("linear_model.Ridge", [0, 1] * 50, "two numbers, 0 and 1, which the regressor Ridge"),
        ("naive_bayes.GaussianNB", list(range(50)) * 2, "classifier GaussianNB takes as 50 class"),
        ("naive_bayes.GaussianNB", list(range(12)) * 2, "12 different whole numbers in 24 rows"),
        ("naive_bayes.GaussianNB", list(range(10)) * 2, None),
        ("naive_bayes.GaussianNB", list(range(20)) * 10, None),
        ("naive_bayes.GaussianNB", list("abcdefghijklmnopqrstuvwxyz") * 2, None),
        ("linear_model.Ridge", [0, 1, 2, 3] * 25, None),
    ],
)
def test_what_a_doubtful_target_is_taken_as_is_said_once(
    caplog: pytest.LogCaptureFixture, model: str, target: list[Any], part: str | None
) -> None:
    df = pd.DataFrame({"x": range(len(target)), "y": target})
    untrained = nodes.init_model({"class": f"sklearn.{model}"})
    trained = nodes.train_model(untrained, df, ["x"], "y")
    nodes.evaluate_model(trained, df, ["x"], "y")
    told = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert len(told) == (part is not None)
    if part is not None:
        assert part in told[0]
        assert "set 'model.class' in conf/base/parameters.yml" in told[0]


def test_target_among_the_features_is_refused(iris: pd.DataFrame) -> None:
    assert "'species' is among" in error_of_training(iris, ["species"], "species")


def test_data_without_rows_is_refused(iris: pd.DataFrame) -> None:
    message = error_of_training(iris.head(0), ["sepal_length"], "species")
    assert "'train_df' has no rows" in message
    assert CATALOG in message


@pytest.mark.parametrize(
    ("model", "species", "parts"),
    [
        (LogisticRegression, [1] * 50, ["only the class '1'"]),
        (LogisticRegression, [0] * 49 + [1], ["the class '1' in one row", "linear_model.Ridge"]),
        (LogisticRegression, [0] * 25 + [None] * 2 + [1] * 23, ["missing in 2 of 50 rows"]),
        (LogisticRegression, HALVES, ["measurements such as 49.5", "sklearn.linear_model.Ridge"]),
        (LogisticRegression, list(range(50)), ["in one row", "sklearn.linear_model.Ridge"]),
        (Ridge, HALVES[:48] + [None] * 2, ["missing in 2 of 50 rows"]),
        (Ridge, ["red", "white"] * 25, ["'red'", "sklearn.linear_model.LogisticRegression"]),
        (Ridge, ["12,5", "13,1"] * 25, ["'12,5'", "regressor, which predicts numbers"]),
        (Ridge, [True, False] * 25, ["bool", "sklearn.linear_model.LogisticRegression"]),
        (Ridge, [1.5] * 50, ["only the value 1.5"]),
    ],
)
def test_target_that_cannot_be_learnt_is_refused(
    iris: pd.DataFrame, model: Any, species: list[Any], parts: list[str]
) -> None:
    df = iris.assign(species=species)
    message = error_of_training(df, ["sepal_length"], "species", model)
    for part in (*parts, "'model.class'"):
        assert part in message
    assert "'species'" in message


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("sklearn.linear_model.LogisticRegresion", "'sklearn.linear_model.LogisticRegression'"),
        ("sklearn.ensembles.RandomForestClassifier", "'sklearn.ensemble.RandomForestClassifier'"),
        ("LogisticRegression", "'sklearn.linear_model.LogisticRegression'"),
        ("not_installed.Model", "`pip install not_installed`, and add it to requirements-run.txt"),
        ("lightgmb.LGBMRegressor", "not installed. Did you mean 'lightgbm'?"),
        ("sklearn.linear_model.Rigde", "'sklearn.linear_model.Ridge'"),
        ("sklearn..linear_model", "no estimator 'sklearn..linear_model'"),
        (".linear_model", "no estimator '.linear_model'"),
        ("os.system", "no class of a scikit-learn estimator"),
        ("builtins.dict", "no class of a scikit-learn estimator"),
        ("sklearn.cluster.KMeans", "neither a classifier nor a regressor"),
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


@pytest.mark.parametrize(
    ("module", "package"), [("lightgbm", "lightgbm"), ("imblearn", "imbalanced-learn")]
)
def test_missing_package_is_named_with_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, module: str, package: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    message = error_of_model({"class": f"{module}.SomeModel"})
    assert f"`pip install {package}`, and add it to requirements-run.txt" in message
    assert "Did you mean" not in message
