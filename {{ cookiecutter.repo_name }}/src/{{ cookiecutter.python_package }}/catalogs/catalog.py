"""Datasets declared in Python. Those declared in YAML stand in `conf/base/catalog.yml`."""

from ..tracking import MLflowDataSet

MODEL_NAME = "{{ cookiecutter.python_package }}"

catalog_dict = {
    # Write a pickle file & upload to MLflow, as an artifact and as a version of a registered model
    "model": MLflowDataSet(
        dataset="model",
        registered_model_name=MODEL_NAME,
        alias="champion",  # moves to the new version if its score is better
        promote_if={
            "metric": "score",
            "greater_is_better": True,
            # Scores of two tasks do not compare; then `kedro mlflow promote VERSION` decides
            "same_params": ["target", "scored_by"],
        },
    ),
    "pred_df": MLflowDataSet(dataset="csv"),  # Write a csv file & upload to MLflow
    "score": MLflowDataSet(dataset="m"),  # Write an MLflow metric
    "train_score": MLflowDataSet(dataset="m"),  # Write an MLflow metric
    "scored_by": MLflowDataSet(dataset="p"),  # Write an MLflow param: what `score` is
    # Pictures of the pipeline `reporting`: write a png file & upload to MLflow
    "predicted_vs_actual": MLflowDataSet(dataset="png"),
    "diagnostics": MLflowDataSet(dataset="png"),
    "feature_importance": MLflowDataSet(dataset="png"),
    "prediction_histogram": MLflowDataSet(dataset="png"),
    # The pipeline `inference`: the best model so far, from MLflow, and what it predicts
    "champion": MLflowDataSet(dataset="model", model_uri=f"models:/{MODEL_NAME}@champion"),
    "scored_df": MLflowDataSet(dataset="csv"),
}
