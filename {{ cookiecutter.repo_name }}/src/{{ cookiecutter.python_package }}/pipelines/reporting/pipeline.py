"""The wiring: which function reads and writes which dataset."""

from kedro.pipeline import Pipeline, node

from .nodes import (
    cross_validate,
    plot_confusion_matrix,
    plot_curves,
    plot_importance,
    plot_probabilities,
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
                name="plot_confusion_matrix",
                func=plot_confusion_matrix,
                inputs=["validated_df"],
                outputs="confusion_matrix",
            ),
            node(
                name="plot_curves",
                func=plot_curves,
                inputs=["validated_df"],
                outputs="roc_and_precision_recall",
            ),
            node(
                name="plot_importance",
                func=plot_importance,
                inputs=data,
                outputs="feature_importance",
            ),
            node(
                name="plot_probabilities",
                func=plot_probabilities,
                inputs=["pred_df"],
                outputs="probabilities",
            ),
        ],
        tags="reporting",
    )
