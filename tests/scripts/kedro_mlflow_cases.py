"""Entries of kedro-mlflow, what they become, and what is told of them."""

from __future__ import annotations

OURS = "acme.forecast.tracking.MLflowDataset"
ARTIFACT = "kedro_mlflow.io.artifacts.MlflowArtifactDataset"
METRIC = "kedro_mlflow.io.metrics.MlflowMetricDataset"
HISTORY = "kedro_mlflow.io.metrics.MlflowMetricHistoryDataset"
HISTORIES = "kedro_mlflow.io.metrics.MlflowMetricsHistoryDataset"
MODEL = "kedro_mlflow.io.models.MlflowModelTrackingDataset"
LOCAL = "kedro_mlflow.io.models.MlflowModelLocalFileSystemDataset"
REGISTRY = "kedro_mlflow.io.models.MlflowModelRegistryDataset"
CSV = "{type: pandas.CSVDataset, filepath: data/old.csv}"

CASES: dict[str, tuple[str, str, list[str]]] = {
    # What it is called: (before, after, of what is left the beginning or a word).
    "artifact": (
        f'# top\na:\n  type: {ARTIFACT}  # why\n  dataset:\n    type: x.Y\n    filepath: "p"\n\n',
        f'# top\na:\n  type: {OURS}  # why\n  dataset:\n    type: x.Y\n    filepath: "p"\n\n',
        [],
    ),
    "artifact, old": (
        "a:\n  data_set:\n    type: x.Y\n    filepath: p\n"
        "  type: 'kedro_mlflow.io.artifacts.MlflowArtifactDataSet'\n",
        f"a:\n  dataset:\n    type: x.Y\n    filepath: p\n  type: {OURS}\n",
        [],
    ),
    "artifact of a run": (
        f"a:\n  type: {ARTIFACT}\n  dataset: {CSV}\n  run_id: '01' # r\nb: 1",
        f"a:\n  type: {OURS}\n  dataset: {CSV}\n  loading_run_id: '01' # r\n"
        "  saving_run_id: '01'\n  dataset_name: old\nb: 1",
        [],
    ),
    "artifact path": (
        f"a:\n  type: {ARTIFACT}\n  artifact_path: here # x\n  # stays\n  dataset: {CSV}\n",
        f"a:\n  type: {OURS}\n  # stays\n  dataset: {CSV}\n",
        ["3: a: artifact_path has no counterpart"],
    ),
    "path of a run's artifact": (
        f"a: {{type: {ARTIFACT}, dataset: {CSV}, run_id: ab, artifact_path: c}}",
        f"a: {{type: {OURS}, dataset: {CSV}, loading_run_id: ab, saving_run_id: ab}}",
        ["1: a: artifact_path has", "1: a: run_id with artifact_path"],
    ),
    "no file": (
        f"a: {{type: {ARTIFACT}, dataset: {{type: p.SQLTableDataset, table_name: p}}}}",
        f"a: {{type: {OURS}, dataset: {{type: p.SQLTableDataset, table_name: p}}}}",
        ["1: a: p.SQLTableDataset has no `filepath`"],
    ),
    "partitions": (
        f"a: {{type: {ARTIFACT}, dataset: {{type: partitions.PartitionedDataset, path: p}}}}",
        f"a: {{type: {OURS}, dataset: {{type: partitions.PartitionedDataset, path: p}}}}",
        [],
    ),
    "credentials outside": (
        f"a: {{type: {ARTIFACT}, credentials: s3, dataset: {CSV}}}",
        f"a: {{type: {OURS}, dataset: {CSV}}}",
        ["1: a: credentials go below `dataset`"],
    ),
    "metadata": (
        f"a: {{type: {METRIC}, metadata: {{kedro-viz: {{layer: x}}}}}}",
        f"a: {{type: {OURS}, dataset: m, metadata: {{kedro-viz: {{layer: x}}}}}}",
        [],
    ),
    "metric": (
        f"a:\n  type: {METRIC} # s\n  key: 'my score'\n  run_id: null\nb: 1\n",
        f"a:\n  type: {OURS} # s\n  dataset: m\n  dataset_name: 'my score'\nb: 1\n",
        [],
    ),
    "metric without an end of line": (
        f"a:\n  type: {METRIC}",
        f"a:\n  type: {OURS}\n  dataset: m",
        [],
    ),
    "metric, Windows": (
        f"a:\r\n  type: {METRIC} # s\r\n  key: k\r\n",
        f"a:\r\n  type: {OURS} # s\r\n  dataset: m\r\n  dataset_name: k\r\n",
        [],
    ),
    "metric's options": (
        f"a:\n  type: {METRIC}\n  save_args:\n    mode: append\n    step: 2\n"
        "  load_args: {step: 1}\n",
        f"a:\n  type: {OURS}\n  dataset: m\n",
        ["4: a: mode: append", "5: a: save_args: step", "6: a: load_args: step"],
    ),
    "metric overwritten": (
        f"a: {{save_args: {{mode: overwrite}}, type: {METRIC}}}",
        f"a: {{type: {OURS}, dataset: m}}",
        [],
    ),
    "history": (
        f"a: {{type: {HISTORY}, save_args: {{mode: history}}, load_args: {{mode: list}}}}",
        f"a: {{type: {OURS}, dataset: m}}",
        [],
    ),
    "history by steps": (
        f"a: {{type: {HISTORY}, save_args: {{mode: dict}}, run_id: r}}",
        f"a: {{type: {OURS}, dataset: m, loading_run_id: r, saving_run_id: r}}",
        ["1: a: mode: dict has no", "1: a: run_id: of a run that kedro-mlflow made"],
    ),
    "histories, old": (
        "a:\n  type: kedro_mlflow.io.metrics.MlflowMetricsDataSet\n  prefix: bar\n",
        f"a:\n  type: {OURS}\n  dataset: m\n  dataset_name: bar\n",
        [],
    ),
    "histories without a prefix": (
        f"a:\n  type: {HISTORIES}\n  prefix: ''\n",
        f"a:\n  type: {OURS}\n  dataset: m\n",
        ["3: a: an empty prefix"],
    ),
    "model": (
        f"a:\n  type: {MODEL}\n  flavor: mlflow.sklearn\n  save_args:\n    name: iris\n"
        "    registered_model_name: 'my iris'\n    serialization_format: skops\n    signature: x\n",
        f"a:\n  type: {OURS}\n  dataset: model\n  dataset_name: iris\n"
        "  registered_model_name: 'my iris'\n  serialization_format: skops\n",
        ["8: a: save_args: signature: the layer"],
    ),
    "model, old": (
        "a:\n  type: kedro_mlflow.io.models.MlflowModelLoggerDataSet\n  flavor: mlflow.pyfunc\n"
        "  pyfunc_workflow: python_model\n  artifact_path: m\n  run_id: r\n",
        f"a:\n  type: {OURS}\n  dataset: model\n  dataset_name: m\n  loading_run_id: r\n",
        ["3: a: flavor mlflow.pyfunc", "6: a: run_id: only a model that MLflow 3"],
    ),
    "model by its address": (
        f'a: {{type: {MODEL}, flavor: mlflow.onnx, load_args: {{model_uri: "models:/m/Staging"}}}}',
        f'a: {{type: {OURS}, dataset: model, model_uri: "models:/m/Staging"}}',
        ["1: a: this model_uri is not found"],
    ),
    "model on disk": (
        f"a:\n  type: {LOCAL}\n  filepath: data/m\n  flavor: mlflow.sklearn\n  versioned: true\n",
        f"a:\n  type: {OURS}\n  dataset: model\n  filepath: data/m.pkl\n  versioned: true\n",
        ["3: a: a model's folder"],
    ),
    "model on disk as artifact, old": (
        f"a:\n  type: {ARTIFACT}\n  dataset:\n"
        "    type: kedro_mlflow.io.models.MlflowModelSaverDataSet\n    flavor: mlflow.sklearn\n"
        "    filepath: data/m\n    versioned: true\nb: 1\n",
        f"a:\n  type: {OURS}\n  dataset: model\n  filepath: data/m.pkl\n  versioned: true\nb: 1\n",
        ["3: a: a model's folder"],
    ),
    "registered model": (
        f"a:\n  type: {REGISTRY}\n  model_name: m\n  alias: best\n  flavor: mlflow.sklearn\n",
        f'a:\n  type: {OURS}\n  dataset: model\n  model_uri: "models:/m@best"\n',
        [],
    ),
    "registered model by its stage": (
        f"a: {{type: {REGISTRY}, model_name: m, stage_or_version: staging}}",
        f'a: {{type: {OURS}, dataset: model, model_uri: "models:/m/staging"}}',
        ["1: a: 'staging' is neither", "1: a: it was loaded as MLflow's pyfunc"],
    ),
    "anchors": (
        f"_c: &c\n  type: {ARTIFACT}\n  artifact_path: &p there\na:\n  <<: *c\n  dataset: {CSV}\n"
        f"b:\n  <<: [*c]\n  dataset: {CSV}\n",
        f"_c: &c\n  type: {OURS}\na:\n  <<: *c\n  dataset: {CSV}\n"
        f"b:\n  <<: [*c]\n  dataset: {CSV}\n",
        ["3: a: artifact_path has", "3: b: artifact_path has"],
    ),
    "an anchor with nothing left": (
        f"_c: &c\n  artifact_path: there\na:\n  <<: *c\n  type: {ARTIFACT}\n  dataset: {CSV}\n",
        f"_c: &c\n  {{}}\na:\n  <<: *c\n  type: {OURS}\n  dataset: {CSV}\n",
        ["2: a: artifact_path has"],
    ),
    "variables": (
        f'_t: {{score: {METRIC}, io: kedro_mlflow.io}}\na:\n  type: "${{_t.score}}"\n  key: k\n'
        f"b:\n  type: ${{_t.io}}.MlflowArtifactDataset\n  dataset: ${{_csv}}\n_csv: {CSV}\n",
        f'_t: {{score: {OURS}, io: kedro_mlflow.io}}\na:\n  type: "${{_t.score}}"\n  dataset: m\n'
        f"  dataset_name: k\nb:\n  type: {OURS}\n  dataset: ${{_csv}}\n_csv: {CSV}\n",
        [],
    ),
    "a factory": (
        f'"{{name}}_score":\n  type: {METRIC}\n  key: "{{name}}.f1"\n',
        f'"{{name}}_score":\n  type: {OURS}\n  dataset: m\n  dataset_name: "{{name}}.f1"\n',
        [],
    ),
    "an emoji and a mark of bytes": (
        f"\ufeff# 😀\na: {{type: {METRIC}, key: k}} # 😀\n",
        f"\ufeff# 😀\na: {{type: {OURS}, dataset: m, dataset_name: k}} # 😀\n",
        [],
    ),
    "one inside of another": (
        f"a:\n  type: CachedDataset\n  dataset: {{type: {METRIC}}}\n",
        f"a:\n  type: CachedDataset\n  dataset: {{type: {METRIC}}}\n",
        ["3: a: a dataset of kedro-mlflow inside of CachedDataset"],
    ),
    "filled in by others": (
        "a: {type: '${runtime_params:kedro_mlflow_type}'}",
        "a: {type: '${runtime_params:kedro_mlflow_type}'}",
        ["1: a: the type ${runtime_params:kedro_mlflow_type} is filled in"],
    ),
    "an unknown type": (
        "a: {type: kedro_mlflow.io.MlflowThing}",
        "a: {type: kedro_mlflow.io.MlflowThing}",
        ["1: a: kedro_mlflow.io.MlflowThing is no type"],
    ),
    "shared with another need": (
        f"_c: &c {{save_args: {{mode: list}}}}\na:\n  <<: *c\n  type: x.Y\nb:\n  <<: *c\n"
        f"  type: {HISTORY}\n",
        f"_c: &c {{save_args: {{mode: list}}}}\na:\n  <<: *c\n  type: x.Y\nb:\n  <<: *c\n"
        f"  type: {OURS}\n  dataset: m\n",
        ["1: b: it is shared"],
    ),
    "an anchor that would be lost": (
        f"a: {{type: {METRIC}, save_args: &s {{mode: overwrite}}}}\nb: {{type: x.Y, a: *s}}\n",
        f"a: {{type: {METRIC}, save_args: &s {{mode: overwrite}}}}\nb: {{type: x.Y, a: *s}}\n",
        ["1: this file can't be changed safely"],
    ),
    "a type by its anchor": (
        f"a:\n  type: &t {METRIC} # t\nb:\n  type: *t\n  key: k\n",
        f"a:\n  type: &t {OURS} # t\n  dataset: m\nb:\n  type: {OURS}\n  dataset: m\n"
        "  dataset_name: k\n",
        [],
    ),
    "brackets over several lines": (
        f"a: {{\n  type: {METRIC}, # t\n  run_id: null,\n  key: k # k\n}} # end\n",
        f"a: {{\n  type: {OURS}, dataset: m, # t\n  dataset_name: k # k\n}} # end\n",
        [],
    ),
    "a value over several lines": (
        f"a:\n  type: {METRIC}\n  run_id: 'a\n    b'\n",
        f"a:\n  type: {METRIC}\n  run_id: 'a\n    b'\n",
        ["1: this file can't be changed safely (a value of several lines"],
    ),
    "a text that brackets would cut": (
        f"_s: &s\n  name: x, y\na: {{type: {MODEL}, flavor: mlflow.onnx, save_args: *s}}\n",
        f"_s: &s\n  name: x, y\na: {{type: {MODEL}, flavor: mlflow.onnx, save_args: *s}}\n",
        ["1: this file can't be changed safely (the new text would not hold"],
    ),
    "no YAML": (
        "a: [ # kedro_mlflow\n",
        "a: [ # kedro_mlflow\n",
        ["2: this file can't be read: expected"],
    ),
}
