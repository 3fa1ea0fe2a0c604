"""The wiring: which function reads and writes which dataset."""

from kedro.pipeline import Pipeline, node

from .nodes import (
    cross_validate,
    plot_diagnostics,
    plot_importance,
    plot_predicted_vs_actual,
    plot_prediction_histogram,
)


def create_pipeline() -> Pipeline:
    """Create the pipeline `reporting`."""
    data = ["model", "train_df", "params:features", "params:target"]
    return Pipeline(
        [
            node(
                name="cross_validate",
                func=cross_validate,
                inputs=data,
                outputs="validated_df",
            ),
            node(
                name="plot_predicted_vs_actual",
                func=plot_predicted_vs_actual,
                inputs=["validated_df"],
                outputs="predicted_vs_actual",
            ),
            node(
                name="plot_diagnostics",
                func=plot_diagnostics,
                inputs=["validated_df"],
                outputs="diagnostics",
            ),
            node(
                name="plot_importance",
                func=plot_importance,
                inputs=data,
                outputs="feature_importance",
            ),
            node(
                name="plot_prediction_histogram",
                func=plot_prediction_histogram,
                inputs=["pred_df"],
                outputs="prediction_histogram",
            ),
        ],
        tags="reporting",
    )
