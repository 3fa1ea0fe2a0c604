"""Which model `serve` and `promote` take, in a real registry; and what they say of a wrong name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from tests.harness.baked import BakedProject


class Registry:
    """A store with an experiment, and models that are registered from its runs."""

    def __init__(self, baked: BakedProject, uri: str) -> None:
        self.client: MlflowClient = baked.tracking("store.client").open_client(uri)
        self.experiment = self.client.get_experiment(self.client.create_experiment("e"))
        self.choice = baked.tracking("serving.choice")

    def run(self, name: str, experiment_id: str | None = None) -> str:
        run = self.client.create_run(
            experiment_id or self.experiment.experiment_id, run_name=name
        ).info.run_id
        self.client.set_terminated(run)
        return str(run)

    def register(self, name: str, run: str) -> None:
        if name not in {one.name for one in self.client.search_registered_models()}:
            self.client.create_registered_model(name)
        self.client.create_model_version(name, source=f"runs:/{run}/model", run_id=run)

    def uri(self, text: str | None = None) -> str:
        return str(self.choice.uri_of(self.client, self.experiment, text)[0])


@pytest.fixture
def empty(baked: BakedProject, tmp_path: Path) -> Registry:
    return Registry(baked, f"sqlite:///{tmp_path / 'store.db'}")


@pytest.fixture(scope="module")
def registry(baked: BakedProject, tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """One model of two versions, the first the champion, and one of another experiment."""
    made = Registry(baked, f"sqlite:///{tmp_path_factory.mktemp('registry') / 'store.db'}")
    made.register("wine", made.run("old"))
    made.register("wine", made.run("new"))
    made.client.set_registered_model_alias("wine", "champion", "1")
    made.client.set_registered_model_alias("wine", "staging", "2")
    other = made.client.create_experiment("other")
    made.register("beer", made.run("elsewhere", other))
    return made


@pytest.mark.parametrize(
    ("text", "uri"),
    [
        (None, "models:/wine/1"),  # the project's one model, whatever others there are
        ("wine", "models:/wine/1"),
        ("wine@staging", "models:/wine/2"),
        ("@staging", "models:/wine/2"),
        ("wine/2", "models:/wine/2"),
        ("models:/wine@staging", "models:/wine/2"),
        ("models:/wine/2", "models:/wine/2"),
        ("beer/1", "models:/beer/1"),
        ("runs:/0123/model", "runs:/0123/model"),
        (f"models:/m-{'0' * 32}", f"models:/m-{'0' * 32}"),
        (f"m-{'0' * 32}", f"models:/m-{'0' * 32}"),
    ],
)
def test_model_is_found(registry: Registry, text: str | None, uri: str) -> None:
    assert registry.uri(text) == uri


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "wine@stagin",
            r"no alias 'stagin'; there are champion, staging, and versions 1, 2.*"
            r"Did you mean 'staging'\?",
        ),
        ("wine/3", r"no version '3'; it has 1, 2\."),
        ("beer", r"no alias 'champion'; there are none, .*`kedro mlflow promote VERSION`"),
        ("wines/1", r"no registered model is called 'wines'; there are .*Did you mean 'wine'\?"),
        ("wines", r"no run has .* 'wines'.* Did you mean 'wine'\?"),
        ("new", "the run new has no MLflow model"),
    ],
)
def test_what_is_not_there_is_told_with_what_is(registry: Registry, text: str, told: str) -> None:
    with pytest.raises(LookupError, match=told):
        registry.uri(text)


def test_without_a_name_there_must_be_one_model(empty: Registry) -> None:
    with pytest.raises(LookupError, match="no model of this project is registered yet; `kedro run"):
        empty.uri()
    run = empty.run("one")
    empty.register("wine", run)
    empty.register("beer", run)
    with pytest.raises(LookupError, match=r"the project has 2 models: (wine, beer|beer, wine);"):
        empty.uri()


def test_run_of_several_models_asks_which(empty: Registry) -> None:
    from mlflow.entities import LoggedModelOutput

    run, experiment_id = empty.run("both"), empty.experiment.experiment_id
    ids = [
        empty.client.create_logged_model(experiment_id, name=name, source_run_id=run).model_id
        for name in ("a", "b")
    ]
    empty.client.log_outputs(run, [LoggedModelOutput(ids[0], 0)])
    assert empty.uri("both") == f"models:/{ids[0]}"
    empty.client.log_outputs(run, [LoggedModelOutput(ids[1], 0)])
    with pytest.raises(LookupError, match=rf"has 2 models; take one: .*{ids[1]} \(b\)"):
        empty.uri("both")


def test_alias_moves_by_number_and_by_run(
    baked: BakedProject, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    promote = baked.tracking("serving.promote")
    both = (registry.client, registry.experiment)
    monkeypatch.setattr(promote, "client_and_experiment", lambda: both)

    def aliases() -> dict[str, str]:
        return {k: str(v) for k, v in registry.client.get_registered_model("wine").aliases.items()}

    told = promote.move_alias("2", None, "champion")
    assert told == "@champion of wine is version 2 now; it was version 1."
    assert aliases() == {"champion": "2", "staging": "2"}
    assert "stands on version 2 already" in promote.move_alias("new", "wine", "champion")
    assert "is version 1 now" in promote.move_alias("old", "wine", "champion")
    told = promote.move_alias("2", None, "extra")
    assert told == "@extra of wine is version 2 now; no version had it."
    assert promote.free_alias(None, "extra") == "@extra of wine is free now; it was version 2."
    assert aliases() == {"champion": "1", "staging": "2"}
    with pytest.raises(LookupError, match=r"no version '9'; it has 1, 2\."):
        promote.move_alias("9", None, "champion")
    with pytest.raises(LookupError, match=r"Did you mean 'last'\?"):
        promote.move_alias("lst", None, "champion")
    with pytest.raises(LookupError, match=r"Did you mean 'wine'\?"):
        promote.move_alias("1", "wines", "champion")
    with pytest.raises(LookupError, match="the run old made no version of 'beer', which has 1"):
        promote.move_alias("old", "beer", "champion")
    assert aliases() == {"champion": "1", "staging": "2"}


@pytest.mark.parametrize(
    ("inputs", "body"),
    [
        (
            [{"name": "a", "type": "double"}, {"name": "b", "type": "string"}],
            {"dataframe_split": {"columns": ["a", "b"], "data": [[1.0, "text"]]}},
        ),
        (
            [{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 2]}}],
            {"inputs": [[1.0, 1.0]]},
        ),
        (
            [{"name": "x", "type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1]}}],
            {"inputs": {"x": [1]}},
        ),
    ],
)
def test_request_is_made_of_a_signature(
    baked: BakedProject, inputs: list[dict[str, Any]], body: dict[str, Any]
) -> None:
    assert baked.tracking("serving.request").from_signature(inputs) == body
