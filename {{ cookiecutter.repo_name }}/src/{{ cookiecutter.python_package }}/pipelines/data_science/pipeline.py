"""The wiring: which function reads and writes which dataset."""

from kedro.pipeline import Pipeline, node

from .nodes import evaluate_model, init_model, name_metric, run_inference, train_model


def create_pipeline() -> Pipeline:
    """Create the pipeline `data_science`."""
    # `parameters`, for those that need not be there, such as `metric`.
    return Pipeline(
        [
            node(
                name="init_model",
                func=init_model,
                inputs=["params:model", "parameters"],
                outputs="init_model",
                tags="training",
            ),
            node(
                name="train_model",
                func=train_model,
                inputs=["init_model", "train_df", "params:features", "params:target"],
                outputs="model",
                tags="training",
            ),
            node(
                name="evaluate_model",
                func=evaluate_model,
                inputs=["model", "train_df", "params:features", "params:target", "parameters"],
                outputs=["score", "train_score"],
                tags="evaluation",
            ),
            node(
                name="name_metric",
                func=name_metric,
                inputs=["model", "parameters"],
                outputs="scored_by",
                tags="evaluation",
            ),
            node(
                name="run_inference",
                func=run_inference,
                inputs=["model", "test_df", "params:features"],
                outputs="pred_df",
                tags="inference",
            ),
        ]
    )
