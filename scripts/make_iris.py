"""Write the template's train.csv and test.csv from scikit-learn's copy of Iris.

The split is that of the deck's author: setosa is 0, versicolor is 1, virginica is left out; the
first 25 rows of each species go to train.csv, the last 25 to test.csv. Run it from any folder:

    python scripts/make_iris.py
"""

from __future__ import annotations

from pathlib import Path

from sklearn.datasets import load_iris

RAW = Path(__file__).parents[1] / "{{ cookiecutter.repo_name }}" / "data" / "01_raw"
COLUMNS = ["sepal_length", "sepal_width", "petal_length", "petal_width", "species"]
ROWS_PER_SPECIES = 25


def main() -> None:
    """Write the train and test files of the template."""
    iris = load_iris(as_frame=True).frame.set_axis(COLUMNS, axis="columns")
    by_species = iris[iris["species"].isin([0, 1])].groupby("species")
    RAW.mkdir(parents=True, exist_ok=True)
    for name, rows in {
        "train": by_species.head(ROWS_PER_SPECIES),
        "test": by_species.tail(ROWS_PER_SPECIES),
    }.items():
        rows.to_csv(RAW / f"{name}.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
