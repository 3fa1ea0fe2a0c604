"""What a real project's outputs in no catalog become, and names that MLflow takes no `@` in."""

from __future__ import annotations

import pytest

from tests.faults.lab import Lab
from tests.faults.picture import only_run, picture_of, runs_in
from tests.harness.baked import BakedProject
from tests.harness.lab import replace_pipelines

PIPELINE = '''
"""A data set, scores and a dataset that is written by one name and read by another."""

from kedro.pipeline import Pipeline, node


def read(settings):
    texts = [f"{number} {'word ' * 30}" for number in range(25_000)]
    return texts, texts, settings


def score(texts):
    return {"f1": len(texts) / 100_000, "auc": {"train": 0.5}}, {"text": "adam"}, 0.75


def look(table):
    return len(table)


def create_pipeline() -> Pipeline:
    return Pipeline(
        [
            node(read, "params:settings", ["texts", "kept", "handed_on"], name="read"),
            node(score, "texts", ["ns.scores", "table@json", "f1@five"], name="score"),
            node(look, "table@text", "size", name="look"),
        ]
    )
'''
CATALOG = """
kept: {type: plain.tracking.MLflowDataset, dataset: p}
table@json: {type: plain.tracking.MLflowDataset, dataset: json, filepath: data/table.json}
table@text: {type: text.TextDataset, filepath: data/table.json}
f1@five: {type: plain.tracking.MLflowDataset, dataset: m}
"""
LOADED = """
table@json: {type: plain.tracking.MLflowDataset, dataset: json, loading_run_id: RUN}
f1@five: {type: plain.tracking.MLflowDataset, dataset: m, loading_run_id: RUN}
"""
LOADING = '''
"""Loads from another run."""

from kedro.pipeline import Pipeline, node


def create_pipeline() -> Pipeline:
    return Pipeline([node(lambda table, f1: f"{table} {f1}", ["table@json", "f1@five"], "got")])
'''


@pytest.fixture
def plain(bare: Lab) -> Lab:
    (bare.root / "src/plain/pipeline.py").write_text(PIPELINE)
    (bare.root / "conf/base/catalog.yml").write_text(CATALOG)
    settings = "".join(f"  s{number}: {'x' * 300}\n" for number in range(400))
    (bare.root / "conf/base/parameters.yml").write_text(f"settings:\n{settings}")
    return bare


# Rows 11, 12 and 13 of issue 14.
def test_outputs_in_no_catalog_and_names_with_an_at(plain: Lab) -> None:
    done = plain.run()
    told = " ".join(done.output.split())
    picture = picture_of(plain.store, only_run(plain.store))
    assert picture.params["texts"].startswith("list of 25,000 items, sha256:")
    assert "full_values/texts.txt" not in picture.artifacts
    assert told.count("'texts', in no catalog, is above 100 kB") == 1
    # What is declared, and what comes from `params:`, is whole.
    assert picture.params["kept"].startswith("['0 word")
    assert "full_values/kept.txt" in picture.artifacts
    assert picture.params["settings.s399"] == "x" * 300
    assert picture.params["handed_on"].startswith("dict of 400 items, sha256:")

    assert picture.params["ns.scores.f1"] == "0.25"
    assert picture.params["ns.scores.auc.train"] == "0.5"
    assert told.count("is a dict of numbers") == 1
    assert "`ns.scores: {type: plain.tracking.MLflowDataset, dataset: m}`" in told

    assert [value for *_, value in picture.metrics["f1-at-five"]] == [0.75]
    assert {"_time_to_save table-at-json", "_time_to_load table-at-text"} <= set(picture.metrics)
    assert "kedro.dataset.f1-at-five" in picture.tags
    assert "table@json.json" in picture.artifacts
    assert "MLflow takes no key" not in told
    # By their names in the code they are loaded again.
    catalog = LOADED.replace("RUN", only_run(plain.store).info.run_id)
    (plain.root / "src/plain/pipeline.py").write_text(LOADING)
    (plain.root / "conf/base/catalog.yml").write_text(catalog)
    done = plain.run()
    assert runs_in(plain.store)[-1].data.params["got"] == "{'text': 'adam'} 0.75", done.output


def test_dicts_of_numbers_are_metrics_if_the_hook_is_told_so(project: BakedProject) -> None:
    """In a project that the template made."""
    nodes = (
        'def score():\n    return {"f1": 0.25, "auc": {"train": 0.5}}, {"f1": 1, "by": "adam"}\n'
    )
    replace_pipelines(project, nodes, '[node(n.score, None, ["ns.scores", "mixed"])]')
    project.edit(
        f"src/{project.package}/mlflow/mlflow_config.py",
        "MLflowCatalogLoggerHook(auto=True)",
        'MLflowCatalogLoggerHook(auto=True, auto_dicts_of_numbers="metrics")',
    )
    done = project.run("kedro", "run")
    data = only_run(project.store).data
    assert (data.metrics["ns.scores.f1"], data.metrics["ns.scores.auc.train"]) == (0.25, 0.5)
    assert {"mixed.f1": "1", "mixed.by": "adam"}.items() <= data.params.items()
    assert not any(name.startswith("ns.scores") for name in data.params)
    assert "of numbers" not in done.stdout + done.stderr
