"""The catalog of the projects, and the same with MLflow datasets in it."""

from __future__ import annotations

from pathlib import Path

CATALOG = """
companies:
  type: text.TextDataset
  filepath: data/01_raw/companies.csv
  metadata:
    kedro-viz: {layer: raw}

shuttles:
  type: json.JSONDataset
  filepath: data/01_raw/shuttles.json
  metadata:
    kedro-viz: {layer: raw, preview_args: {nrows: 5}}

reviews:
  type: partitions.PartitionedDataset
  path: data/01_raw/reviews
  filename_suffix: .json
  dataset: {type: json.JSONDataset}

ingestion.int_typed_shuttles@json:
  type: json.JSONDataset
  filepath: data/02_intermediate/typed_shuttles.json
  metadata:
    kedro-viz: {layer: intermediate}

ingestion.int_typed_shuttles@text:
  type: text.TextDataset
  filepath: data/02_intermediate/typed_shuttles.json

ingestion.int_typed_companies:
  type: json.JSONDataset
  filepath: data/02_intermediate/typed_companies.json

"{namespace}.{name}_table":
  type: json.JSONDataset
  filepath: data/03_primary/{namespace}/{name}.json
  metadata:
    kedro-viz: {layer: primary}

"train_evaluation.{model}.regressor":
  type: pickle.PickleDataset
  filepath: data/06_models/{model}.pkl
  versioned: true

reporting.by_company:
  type: partitions.PartitionedDataset
  path: data/08_reporting/companies
  filename_suffix: .txt
  dataset: {type: text.TextDataset}

reporting.top_shuttle_data:
  type: json.JSONDataset
  filepath: data/08_reporting/top_shuttle_data.json
  versioned: true
  metadata:
    kedro-viz: {layer: reporting}
"""

# Old text of the catalog, and the same as MLflow datasets.
_DECLARED = {
    """reporting.by_company:
  type: partitions.PartitionedDataset
  path: data/08_reporting/companies
  filename_suffix: .txt
  dataset: {type: text.TextDataset}
""": """reporting.by_company:
  type: {layer}.MLflowDataset
  dataset:
    type: partitions.PartitionedDataset
    path: data/08_reporting/companies
    filename_suffix: .txt
    dataset: {type: text.TextDataset}
""",
    """reporting.top_shuttle_data:
  type: json.JSONDataset
  filepath: data/08_reporting/top_shuttle_data.json
  versioned: true
""": """reporting.top_shuttle_data:
  type: {layer}.MLflowDataset
  dataset:
    type: json.JSONDataset
    filepath: data/08_reporting/top_shuttle_data.json
    versioned: true
""",
    """"{namespace}.{name}_table":
  type: json.JSONDataset
  filepath: data/03_primary/{namespace}/{name}.json
""": """"{namespace}.{name}_table":
  type: {layer}.MLflowDataset
  dataset:
    type: json.JSONDataset
    filepath: data/03_primary/{namespace}/{name}.json
""",
}
_MORE = """
"train_evaluation.{model}.scores":
  type: {layer}.MLflowDataset
  dataset: m
  metadata:
    kedro-viz: {layer: models}

"train_evaluation.{model}.experiment_params":
  type: {layer}.MLflowDataset
  dataset: p
"""


def declare(catalog: Path, layer: str) -> None:
    """Make entries of a catalog MLflow datasets, as a user would.

    Args:
        catalog: the file.
        layer: the module that has `MLflowDataset`.
    """
    text = catalog.read_text()
    for old, new in _DECLARED.items():
        assert old in text, old
        text = text.replace(old, new)
    catalog.write_text((text + _MORE).replace("{layer}.", f"{layer}."))
