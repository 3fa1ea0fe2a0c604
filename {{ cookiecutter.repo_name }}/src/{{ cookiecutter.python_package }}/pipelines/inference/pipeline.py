"""The wiring: the champion instead of a model that this run trains."""

from kedro.pipeline import Pipeline, node

from ..data_science.nodes import run_inference


def create_pipeline() -> Pipeline:
    """Create the pipeline `inference`."""
    return Pipeline(
        [
            node(
                name="score_with_champion",
                func=run_inference,
                inputs=["champion", "test_df", "params:features"],
                outputs="scored_df",
                tags="inference",
            ),
        ]
    )
