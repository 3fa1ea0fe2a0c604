"""What can be a model of a pipeline, and one sentence for what can't."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Pipeline, node
from kedro_datasets.partitions import PartitionedDataset

from tests.harness.baked import BakedProject


def clean(raw: Any, words: Any) -> Any:
    return [raw, words]


def predict(model: Any, clean_df: Any, options: Any) -> Any:
    return [model, clean_df, options]


def count(clean_df: Any) -> int:
    return len(clean_df)


def parts(raw: Any) -> Iterator[Any]:
    yield raw


INFERENCE = [
    node(clean, ["raw", "words"], "clean_df", name="clean"),
    node(predict, ["model", "clean_df", "params:options"], "answer", name="predict"),
    node(count, "clean_df", "count", name="count"),
]
PIPELINES = {
    "inference": Pipeline(INFERENCE),
    "only": Pipeline(INFERENCE[:2]),
    "yields": Pipeline([node(partial(parts), "raw", "answer", name="parts")]),
    "twice": Pipeline(
        [
            node(clean, ["raw", "words"], "clean_df@csv", name="clean"),
            node(count, "clean_df@frame", "answer", name="count"),
        ]
    ),
    "nothing": Pipeline([]),
}


@pytest.fixture
def plans(baked: BakedProject, monkeypatch: pytest.MonkeyPatch) -> Any:
    found = baked.tracking("pipeline_model.plan")
    monkeypatch.setattr(found, "pipeline_called", lambda name: (PIPELINES.get(name), [*PIPELINES]))
    return found


def catalog(**more: Any) -> DataCatalog:
    options = {"params:options": MemoryDataset({"a": 1})}
    return DataCatalog({"words": MemoryDataset(["a"]), **options, **more})


def test_a_plan_holds_the_nodes_that_the_output_needs(plans: Any) -> None:
    plan = plans.plan_of("inference", "raw", "answer", catalog(), {"model"})
    assert [one.name for one in plan.pipeline.nodes] == ["clean", "predict"]
    assert plan.params == ("params:options",)
    assert plan.values == {"model": "model", "words": "words"}
    assert plans.plan_of("only", "raw", None, catalog(), {"model"}).output == "answer"


REFUSED = [
    (("inferense", "raw", None), "no pipeline 'inferense', only .* Did you mean 'inference'?"),
    (("inference", "raw", None), r"has 2 outputs \(answer, count\), and a model answers one"),
    (("nothing", "raw", None), "'nothing' has no output, and a model answers one"),
    (("inference", "raw", "answr"), "makes 'answr', only answer.* Did you mean 'answer'?"),
    (("inference", "rav", "answer"), "'rav' is no free input.* Did you mean 'raw'?"),
    (("inference", "clean_df", "answer"), "makes 'clean_df', so nobody can give it"),
    (("inference", "model", "count"), "'count' .* does not depend on 'model'; .* are raw, words"),
    (("inference", "params:options", "answer"), "'params:options' is no free input"),
    (("yields", "raw", "answer"), "'parts' .* yields its output in parts.*; let it return the"),
    (("twice", "raw", "answer"), "loads 'clean_df@frame' in another way than it was saved"),
]


@pytest.mark.parametrize(("asked", "told"), REFUSED, ids=[str(one) for one, _ in REFUSED])
def test_what_can_be_no_model_is_told_in_one_sentence(plans: Any, asked: Any, told: str) -> None:
    with pytest.raises(plans.PackingError, match=told) as caught:
        plans.plan_of(*asked, catalog(), {"model"})
    assert "\n" not in str(caught.value)


def test_value_that_nobody_has_is_told(plans: Any, tmp_path: Any) -> None:
    with pytest.raises(plans.PackingError, match="'model', which is in no catalog and no node"):
        plans.plan_of("only", "raw", None, catalog(), set())
    bare = DataCatalog({"words": MemoryDataset(["a"])})
    with pytest.raises(plans.PackingError, match="'params:options', which no parameters have"):
        plans.plan_of("only", "raw", None, bare, {"model"})
    broken = DataCatalog.from_config({"words": {"type": "no.such.Dataset"}})
    broken["params:options"] = MemoryDataset(1)
    with pytest.raises(plans.PackingError, match="'words', which can't be built"):
        plans.plan_of("only", "raw", None, broken, {"model"})
    folder = PartitionedDataset(path=str(tmp_path), dataset="json.JSONDataset")
    with pytest.raises(plans.PackingError, match="partitions are loaded one by one.* join them"):
        plans.plan_of("only", "raw", None, catalog(words=folder), {"model"})


def test_champion_is_the_version_that_the_run_makes_of_that_model(
    baked: BakedProject, plans: Any
) -> None:
    dataset = baked.tracking("datasets.mlflow_dataset").MLflowDataset
    known = catalog(
        model=dataset("model", model_uri="models:/iris@champion"),
        other=dataset("model", registered_model_name="other"),
        trained=dataset("model", registered_model_name="iris"),
    )
    plan = plans.plan_of("only", "raw", None, known, {"other", "trained"})
    assert plan.values["model"] == "trained"
    assert plans.plan_of("only", "raw", None, known, {"other"}).values["model"] == "model"
    fixed = catalog(**{**known, "model": dataset("model", model_uri="models:/iris/3")})
    assert plans.plan_of("only", "raw", None, fixed, {"trained"}).values["model"] == "model"


def test_value_that_another_part_of_the_run_makes_is_found(
    baked: BakedProject, plans: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then this part records no model, and says which command does it when the run has ended."""
    hook = baked.tracking("pipeline_model.hook")
    train = [node(len, "x", "model", name="fit"), node(len, "x", "words", name="learn")]
    monkeypatch.setattr(hook, "pipelines", {"__default__": Pipeline(train)})
    plan = plans.plan_of("only", "raw", None, catalog(), {"model"})
    assert hook.elsewhere({}, plan, {"model"}) == "words"
    assert hook.elsewhere({}, plan, {"model", "words"}) is None
    assert hook.elsewhere({"pipeline_names": ["another"]}, plan, {"model"}) is None


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"pipeline": "a"}, "input is ''; a model has one"),
        ({"pipeline": "a", "input": ["x", "y"]}, "input is .*; a model has one"),
        ({"pipeline": "a", "input": "x", "output": ["y", "z"]}, "output is .*; a model has one"),
        ({"pipeline": "", "input": "x"}, "pipeline is ''"),
        ({"pipeline": "a", "inputs": "x"}, "no argument 'inputs'.* Did you mean 'input'?"),
        ({"pipeline": "a", "input": "x", "alias": "champion"}, "give registered_model_name too"),
    ],
)
def test_arguments_that_do_not_go_are_told(
    baked: BakedProject, given: dict[str, Any], told: str
) -> None:
    hook = baked.tracking("pipeline_model.hook").MLflowPipelineModelHook
    with pytest.raises(ValueError, match=told):
        hook(**given)
