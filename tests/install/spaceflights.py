"""The pipeline of the projects: Kedro's spaceflights and Kedro-Viz's demo project, without pandas.

Nested namespaces, a dataset factory, transcoding, versions, partitions in and out, `metadata` of
Kedro-Viz, nested params, tags, and outputs that no catalog names: data, scores and a number.
"""

from __future__ import annotations

from .catalog import CATALOG

INGESTION = '''
"""From raw data to one table."""

from kedro.pipeline import Pipeline, node, pipeline


def type_companies(companies: str) -> dict:
    rows = [line.split(",") for line in companies.splitlines()[1:]]
    return {number: float(rating.rstrip("%")) / 100 for number, rating in rows}


def type_shuttles(shuttles: list) -> list:
    return [{**row, "price": float(row["price"].strip("$").replace(",", ""))} for row in shuttles]


def combine(shuttles: str, companies: dict, reviews: dict, floats: list) -> list:
    import json

    found = []
    for row in json.loads(shuttles):
        # A folder of files: each is read when it is asked for.
        review = reviews[row["id"]]()
        numbers = {name: float(review[name]) for name in floats}
        found.append({**row, **numbers, "rating": companies[row["company"]]})
    return found


def create_pipeline() -> Pipeline:
    return pipeline(
        [
            node(
                type_companies,
                "companies",
                "int_typed_companies",
                name="type_companies",
                tags="companies",
            ),
            node(
                type_shuttles,
                "shuttles",
                "int_typed_shuttles@json",
                name="type_shuttles",
                tags=["shuttles", "typing"],
            ),
            node(
                combine,
                {
                    "shuttles": "int_typed_shuttles@text",
                    "companies": "int_typed_companies",
                    "reviews": "reviews",
                    "floats": "params:typing.reviews.columns_as_floats",
                },
                "prm_shuttle_table",
                name="combine_step",
            ),
        ],
        namespace="ingestion",
        inputs={"companies", "shuttles", "reviews"},
    )
'''

MODELLING = '''
"""One split, and the same two nodes for each type of model, in a namespace in a namespace."""

from kedro.pipeline import Pipeline, node, pipeline


def split_data(table: list, options: dict) -> tuple:
    count = int(len(table) * (1 - options["test_size"]))
    features = [[row[name] for name in options["features"]] for row in table]
    prices = [row["price"] for row in table]
    return features[:count], features[count:], prices[:count], prices[count:]


def train_model(x: list, y: list, options: dict) -> tuple:
    weight = sum(y) / (sum(row[0] for row in x) + options["kwargs"]["alpha"])
    return {"class": options["class"], "weight": weight}, {"rows": len(x), **options["kwargs"]}


def evaluate_model(regressor: dict, x: list, y: list) -> tuple:
    errors = [abs(row[0] * regressor["weight"] - price) for row, price in zip(x, y)]
    mean = sum(errors) / len(errors)
    return 1 - mean / max(y), {"mae": mean, "max_error": max(errors)}


def create_pipeline(model_types: list) -> Pipeline:
    names = ["X_train", "X_test", "y_train", "y_test"]
    split = Pipeline(
        [
            node(
                split_data,
                ["ingestion.prm_shuttle_table", "params:split_options"],
                names,
                name="split",
            )
        ]
    )
    template = Pipeline(
        [
            node(
                train_model,
                ["X_train", "y_train", "params:model_options"],
                ["regressor", "experiment_params"],
                name="train",
                tags="train",
            ),
            node(
                evaluate_model,
                ["regressor", "X_test", "y_test"],
                ["r2_score", "scores"],
                name="evaluate",
                tags="evaluate",
            ),
        ]
    )
    models = [
        pipeline(
            template,
            parameters={"model_options": f"model_options.{model_type}"},
            inputs={name: name for name in names},
            namespace=model_type,
        )
        for model_type in model_types
    ]
    return split + pipeline(sum(models), namespace="train_evaluation", inputs=set(names))
'''

REPORTING = '''
"""A folder of files, and a table with versions."""

from kedro.pipeline import Pipeline, node, pipeline


def by_company(table: list) -> dict:
    found = {}
    for row in table:
        found[row["company"]] = found.get(row["company"], "") + f"{row['id']} {row['price']:g}\\n"
    return found


def top_shuttles(table: list) -> list:
    return sorted(table, key=lambda row: -row["price"])[:3]


def create_pipeline() -> Pipeline:
    return pipeline(
        [
            node(by_company, "table", "by_company", name="by_company"),
            node(top_shuttles, "table", "top_shuttle_data", name="top_shuttles", tags="typing"),
        ],
        namespace="reporting",
        inputs={"table": "ingestion.prm_shuttle_table"},
    )
'''

REGISTRY = '''
"""Project pipelines."""

from kedro.pipeline import Pipeline

from .pipelines import ingestion, modelling, reporting


def register_pipelines() -> dict[str, Pipeline]:
    stages = {
        "ingestion": ingestion.create_pipeline(),
        "modelling": modelling.create_pipeline(["linear", "forest"]),
        "reporting": reporting.create_pipeline(),
    }
    return {"__default__": sum(stages.values()), **stages}
'''

PARAMETERS = """
split_options:
  test_size: 0.25
  features: [engines, review_scores_rating, rating]
ingestion:
  typing:
    reviews:
      columns_as_floats: [review_scores_rating]
"""

PARAMETERS_OF_MODELS = """
train_evaluation:
  model_options:
    linear:
      class: LinearRegression
      kwargs: {alpha: 0.5, fit_intercept: true}
    forest:
      class: RandomForestRegressor
      kwargs: {alpha: 2, n_estimators: 100}
"""

COMPANIES = "id,rating\n" + "".join(f"c{number},{80 + number}%\n" for number in range(3))
SHUTTLES = (
    "["
    + ", ".join(
        f'{{"id": "s{n}", "company": "c{n % 3}", "engines": {n + 1}, "price": "${n + 1},{n}00.5"}}'
        for n in range(8)
    )
    + "]\n"
)
REVIEWS = {f"s{number}": f'{{"review_scores_rating": "{9 - number}"}}\n' for number in range(8)}

# Below the package's folder.
MODULES = {
    "pipelines/ingestion.py": INGESTION,
    "pipelines/modelling.py": MODELLING,
    "pipelines/reporting.py": REPORTING,
    "pipeline_registry.py": REGISTRY,
}
# Below the project's.
FILES = {
    "conf/base/catalog.yml": CATALOG,
    "conf/base/parameters.yml": PARAMETERS,
    "conf/base/parameters_modelling.yml": PARAMETERS_OF_MODELS,
    "data/08_reporting/.gitkeep": "",
    "data/01_raw/companies.csv": COMPANIES,
    "data/01_raw/shuttles.json": SHUTTLES,
    **{f"data/01_raw/reviews/{name}.json": text for name, text in REVIEWS.items()},
}
NODES = {
    "ingestion.type_companies",
    "ingestion.type_shuttles",
    "ingestion.combine_step",
    "split",
    "train_evaluation.linear.train",
    "train_evaluation.linear.evaluate",
    "train_evaluation.forest.train",
    "train_evaluation.forest.evaluate",
    "reporting.by_company",
    "reporting.top_shuttles",
}
