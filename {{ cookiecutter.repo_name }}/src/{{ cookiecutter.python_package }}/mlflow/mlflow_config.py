"""Where runs go, and what is tracked: the one file to edit.

MLflow's environment variables (`MLFLOW_TRACKING_URI`, `MLFLOW_EXPERIMENT_NAME`, `MLFLOW_RUN_ID`)
win over what stands here; `KEDRO_MLFLOW_ENABLED=false` turns tracking off.
"""

from ..tracking import (
    MLflowArtifactsLoggerHook,
    MLflowBasicLoggerHook,
    MLflowCatalogLoggerHook,
    MLflowEnvVarsLoggerHook,
    MLflowGitLoggerHook,
    MLflowTimeLoggerHook,
)

mlflow_hooks = (
    # The run itself, its status and its times.
    MLflowBasicLoggerHook(
        uri="sqlite:///mlruns/sqlite.db",
        experiment_name="{{ cookiecutter.python_package }}",
        # Where a new experiment keeps its artifacts.
        artifact_location="./mlruns/{{ cookiecutter.python_package }}",
    ),
    # MLflowDataSet, params, input data, and values that are in no catalog.
    MLflowCatalogLoggerHook(auto=True),
    # Files, relative to the project; parameters as the run used them.
    MLflowArtifactsLoggerHook(
        filepaths_before_pipeline_run=["conf/base/parameters.yml"],
        filepaths_after_pipeline_run=["logs/info.log", "logs/errors.log"],
    ),
    # Chosen environment variables, say of a CI job.
    MLflowEnvVarsLoggerHook(param_env_vars=["CI_COMMIT_SHA", "CI_COMMIT_MESSAGE"]),
    # Git commit, branch and uncommitted changes.
    MLflowGitLoggerHook(),
    # How long nodes and datasets take, the Gantt chart, the timeline.
    MLflowTimeLoggerHook(),
)
