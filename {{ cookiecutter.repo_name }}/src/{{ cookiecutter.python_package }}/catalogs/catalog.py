"""Datasets declared in Python. Those declared in YAML stand in `conf/base/catalog.yml`."""

from ..tracking import MLflowDataSet

catalog_dict = {
    "model": MLflowDataSet(dataset="pkl"),  # Write a pickle file & upload to MLflow
    "pred_df": MLflowDataSet(dataset="csv"),  # Write a csv file & upload to MLflow
    "score": MLflowDataSet(dataset="m"),  # Write an MLflow metric
    "train_score": MLflowDataSet(dataset="m"),  # Write an MLflow metric
}
