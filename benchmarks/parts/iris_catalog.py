"""The four results of the iris pipeline, recorded by the tracking layer."""

from bench_lab.tracking import MLflowDataSet  # type: ignore[import-not-found]

catalog_dict = {
    "model": MLflowDataSet(dataset="pkl"),
    "pred_df": MLflowDataSet(dataset="csv"),
    "score": MLflowDataSet(dataset="m"),
    "train_score": MLflowDataSet(dataset="m"),
}
