"""Numbers, dates and text with any names become numbers by rules that are stated."""

from __future__ import annotations

import datetime
import os
import pickle
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from {{ cookiecutter.python_package }}.pipelines import data_science

nodes = data_science.nodes

PACKAGE = "{{ cookiecutter.python_package }}"
RIDGE = {"class": "sklearn.linear_model.Ridge"}


def train(df: pd.DataFrame, features: list[str], target: str = "target") -> Any:
    return nodes.train_model(nodes.init_model(RIDGE), df, features, target)


def prepared(model: Any, df: pd.DataFrame) -> Any:
    """Return the columns as they were before they were scaled."""
    (steps,) = [fitted for _, fitted, _ in model["columns"].transformers_]
    return steps[:-1].transform(df)


@pytest.mark.parametrize(
    ("dates", "days"),
    [
        (["1970-01-02", None, "1970-01-04", "1970-01-03"], [1, 2, 3, 2]),
        (["1970-01-02 12:00", "1970-01-02T12:00Z", "1970-01-02T12:00+12:00", ""], [1.5, 1.5, 1, 1]),
        (pd.to_datetime(["1970-01-02", None, "1970-01-04", "1970-01-03"]), [1, 2, 3, 2]),
        (pd.date_range("1970-01-02", periods=4, tz="Etc/GMT-6"), [0.75, 1.75, 2.75, 3.75]),
        ([datetime.date(1970, 1, 2), None, datetime.date(1969, 12, 31), None], [1, 0, -1, 0]),
    ],
)
def test_dates_become_days_since_1970(
    caplog: pytest.LogCaptureFixture, dates: Any, days: list[float]
) -> None:
    caplog.set_level("INFO")
    df = pd.DataFrame({"gefüllt am": dates, "target": [1.0, 2.0, 3.0, 4.0]})
    if "" in list(dates):
        df["gefüllt am"] = df["gefüllt am"].replace("", None)
        days = [*days[:3], 1.5]  # the median, for a gap
    model = train(df, ["gefüllt am"])
    assert prepared(model, df[["gefüllt am"]]).ravel().tolist() == days
    assert "Dates become days since 1970: gefüllt am." in caplog.messages


def test_a_date_that_is_none_is_no_gap_when_predicting() -> None:
    df = pd.DataFrame({"day": ["2021-03-04", "2021-03-05"] * 2, "target": [1.0, 2.0, 3.0, 4.0]})
    model = train(df, ["day"])
    gap = nodes.run_inference(model, df.assign(day=[np.nan] * 4), ["day"])
    assert gap["pred"].tolist() == pytest.approx([2.5] * 4)
    with pytest.raises(ValueError, match="unknown"):
        nodes.run_inference(model, df.assign(day="unknown"), ["day"])


@pytest.mark.parametrize(
    "dates", [["04.03.2021", "5.3.2021"], ["3/4/2021", "12/31/2020"], ["2021-03-04", "2021-02-30"]]
)
def test_dates_that_are_not_clear_are_refused(dates: list[str]) -> None:
    df = pd.DataFrame({"day": dates * 2, "target": [1.0, 2.0, 3.0, 4.0]})
    with pytest.raises(
        ValueError, match=r"Column 'day' holds dates such as '.*2021-03-04"
    ) as error:
        train(df, ["day"])
    for part in ("conf/base/catalog.yml", "conf/base/parameters.yml"):
        assert part in str(error.value)


def test_text_of_many_values_is_told_of_once(caplog: pytest.LogCaptureFixture) -> None:
    rows = 300
    batches = [f"batch {number // 2}" for number in range(rows)]
    df = pd.DataFrame({"batch": batches, "id": map(str, range(rows)), "target": range(rows)})
    model = train(df, ["batch"])
    nodes.evaluate_model(model, df, ["batch"], "target")
    (told,) = [one.getMessage() for one in caplog.records if one.levelname == "WARNING"]
    for part in ("'batch'", "150 different values", "the 49 most frequent", "'features' in conf/"):
        assert part in told
    assert len(model[:-1].get_feature_names_out()) == 50
    df["price"] = [f"{number},5" for number in range(rows)]
    with pytest.raises(ValueError, match=r"'price' holds numbers with a comma.*`decimal: ','`"):
        train(df, ["price"])
    with pytest.raises(ValueError, match=r"'id' holds text with 300.*one for each row.*'features'"):
        train(df, ["id"])


NAMES = ["Säure [g/l]", "größe, {cm}", "Rebsorte \"alt\": 'neu'", "Abfüllung (Tag)"]


def wines() -> pd.DataFrame:
    """Wines with gaps in each column, and with names that no format likes."""
    rng = np.random.default_rng(0)
    acid, size = rng.normal(6, 1, 80), rng.normal(30, 4, 80)
    grape = rng.choice(["Müller", "Weißburgunder"], 80).astype(object)
    days = pd.date_range("2021-01-01", periods=80).strftime("%Y-%m-%d").to_numpy(dtype=object)
    quality = acid * 2 + (grape == "Müller") * 5 + np.arange(80) / 10
    for place, column in enumerate((acid, size, grape, days)):
        column[place::11] = None
    return pd.DataFrame(
        dict(zip(NAMES, (acid, size, grape, days), strict=True)) | {"Güte [%]": quality}
    )


@pytest.mark.parametrize(
    "params",
    [
        {"class": "sklearn.ensemble.GradientBoostingRegressor", "random_state": 0},
        {"class": "lightgbm.LGBMRegressor", "verbose": -1, "n_jobs": 1, "min_child_samples": 5},
        {"class": "xgboost.XGBRegressor", "n_estimators": 30, "n_jobs": 1},
    ],
)
def test_names_with_umlauts_units_and_quotes_are_trained_scored_and_predicted(
    params: dict[str, Any],
) -> None:
    pytest.importorskip(params["class"].partition(".")[0])
    df = wines()
    model = nodes.train_model(nodes.init_model(params), df, NAMES, "Güte [%]")
    score, train_score = nodes.evaluate_model(model, df, NAMES, "Güte [%]")
    assert 0.5 < score < train_score
    assert list(nodes.run_inference(model, df, NAMES)) == [*df, "pred"]
    names = [name.partition("__")[2] for name in model[:-1].get_feature_names_out()]
    assert {NAMES[0], NAMES[1], NAMES[3], f"{NAMES[2]}_Müller"} <= set(names)


def test_a_stored_model_predicts_where_the_package_is_not_installed(tmp_path: Path) -> None:
    df = wines()
    model = train(df, NAMES, "Güte [%]")
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(model))
    df.to_csv(tmp_path / "wines.csv", index=False)
    script = (
        "import pickle, sys, importlib.util, pandas\n"
        f"assert importlib.util.find_spec({PACKAGE!r}) is None\n"
        "model = pickle.load(open('model.pkl', 'rb'))\n"
        f"print(*model.predict(pandas.read_csv('wines.csv')[{NAMES!r}]))\n"
    )
    (tmp_path / "predict.py").write_text(script, encoding="utf8")
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "predict.py"], cwd=tmp_path, env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    found = [float(value) for value in done.stdout.split()]
    assert found == pytest.approx(model.predict(df[NAMES]).tolist())


@pytest.mark.parametrize("name", ["day", *NAMES, "#nr", "Tag, Monat", "gefüllt: am"])
@pytest.mark.parametrize(
    ("written", "date_format"),
    [
        ("23.11.2022 20:53", "%d.%m.%Y %H:%M"),
        ("3/4/2021", "%d/%m/%Y"),
        ("3/4/2021 8:53 PM", "%d/%m/%Y %I:%M %p"),
        ("04.03.21", "%d.%m.%y"),
        ("2021/03/04", "%Y/%m/%d"),
        ("20210304", "%Y%m%d"),
    ],
)
def test_the_hint_for_dates_works_as_printed(
    tmp_path: Path, written: str, date_format: str, name: str
) -> None:
    df = pd.DataFrame({name: [written] * 20, "target": range(20)})
    with pytest.raises(ValueError, match="date_format") as error:
        train(df, [name])
    assert f"`date_format: '{date_format}'`" in str(error.value)
    hint = re.findall(r"`((?:parse_dates|date_format): .+?)`(?: |$)", str(error.value))
    load_args = yaml.safe_load("\n".join(hint))
    df.to_csv(tmp_path / "x.csv", index=False)
    train(pd.read_csv(tmp_path / "x.csv", dtype={name: str}, **load_args), [name])


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (["2021-03-04"] * 9 + ["unknown"], "'unknown', which is none"),
        (["04.03.2021"] * 9 + ["?"], "'?', which is none"),
        (["2021-03-04"] * 9 + ["2021-02-30T12:00"], "a day or time that there is not"),
        (["12,5", "13,0", None, "12", "-1,25"] * 2, "`decimal: ','`"),
        (["1.012,5", "13,0"] * 5, "`decimal: ',', thousands: '.'`"),
        ([1, "a"] * 5, "holds int and str"),
        ([[1], [2]] * 5, "holds list"),
        ([1.0, np.inf] * 5, "holds an infinity"),
    ],
)
def test_what_is_no_clear_column_is_refused_by_its_name(values: list[Any], told: str) -> None:
    df = pd.DataFrame({"Wert [€]": pd.Series(values), "target": np.arange(10.0)})
    with pytest.raises(ValueError, match=r"^Column 'Wert \[€\]' ") as error:
        train(df, ["Wert [€]"])
    for part in (told, "conf/base/catalog.yml", "'features' in conf/base/parameters.yml"):
        assert part in str(error.value)


@pytest.mark.parametrize("dtype", ["string", "category", "boolean", "Int64", object])
def test_gaps_of_each_type_of_pandas_are_taken(dtype: Any) -> None:
    by_dtype: dict[Any, list[Any]] = {"boolean": [True, False], "Int64": [1, 2]}
    column = pd.Series([*by_dtype.get(dtype, ["a", "b"]), None] * 4).astype(dtype)
    df = pd.DataFrame({"x": column, "target": np.arange(12.0)})
    model = train(df, ["x"])
    assert nodes.run_inference(model, df, ["x"])["pred"].notna().all()


def test_a_target_with_an_infinity_is_refused() -> None:
    df = pd.DataFrame({"x": np.arange(8.0), "target": [1.0, np.inf] * 4})
    with pytest.raises(ValueError, match="'target' holds an infinity"):
        train(df, ["x"])
