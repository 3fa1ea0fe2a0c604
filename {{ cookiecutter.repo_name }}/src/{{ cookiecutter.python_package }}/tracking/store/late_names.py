"""What only some kinds of stores need of MLflow: by module, the names that others import of it.

Why: MLflow imports the classes of 20 kinds of stores, with `requests` and pydantic, 0.15 s of CPU,
to open one. Seen in: MLflow 3.17.2. Goes when: `lean_imports.py` goes.
"""

NAMES_OF_SOME_STORES = {
    "mlflow.store._unity_catalog.registry.uc_oss_rest_store": ("UnityCatalogOssStore",),
    "mlflow.store.artifact.azure_blob_artifact_repo": ("AzureBlobArtifactRepository",),
    "mlflow.store.artifact.azure_data_lake_artifact_repo": ("AzureDataLakeArtifactRepository",),
    "mlflow.store.artifact.b2_artifact_repo": ("B2ArtifactRepository",),
    "mlflow.store.artifact.databricks_artifact_repo": ("DatabricksArtifactRepository",),
    "mlflow.store.artifact.dbfs_artifact_repo": (
        "DbfsRestArtifactRepository",
        "dbfs_artifact_repo_factory",
    ),
    "mlflow.store.artifact.ftp_artifact_repo": ("FTPArtifactRepository",),
    "mlflow.store.artifact.gcs_artifact_repo": ("GCSArtifactRepository",),
    "mlflow.store.artifact.hdfs_artifact_repo": ("HdfsArtifactRepository",),  # it imports pyarrow
    "mlflow.store.artifact.http_artifact_repo": ("HttpArtifactRepository",),
    "mlflow.store.artifact.mlflow_artifacts_repo": ("MlflowArtifactsRepository",),
    "mlflow.store.artifact.models_artifact_repo": ("ModelsArtifactRepository",),
    "mlflow.store.artifact.r2_artifact_repo": ("R2ArtifactRepository",),
    "mlflow.store.artifact.runs_artifact_repo": ("RunsArtifactRepository",),
    "mlflow.store.artifact.s3_artifact_repo": ("S3ArtifactRepository",),
    "mlflow.store.artifact.sftp_artifact_repo": ("SFTPArtifactRepository",),
    "mlflow.store.artifact.uc_volume_artifact_repo": ("uc_volume_artifact_repo_factory",),
    "mlflow.store.model_registry.databricks_workspace_model_registry_rest_store": (
        "DatabricksWorkspaceModelRegistryRestStore",
    ),
    "mlflow.store.model_registry.file_store": ("FileStore",),
    "mlflow.store.model_registry.rest_store": ("RestStore",),
    "mlflow.store.tracking.databricks_rest_store": ("DatabricksTracingRestStore",),
    "mlflow.store.tracking.rest_store": ("RestStore",),
    "mlflow.telemetry.client": (
        "TelemetryClient",
        "get_telemetry_client",
        "set_telemetry_client",
    ),
    "mlflow.utils.request_utils": (
        "augmented_raise_for_status",
        "cloud_storage_http_request",
        "download_chunk",
    ),
    "mlflow.utils.rest_utils": (
        "MlflowHostCreds",
        "augmented_raise_for_status",
        "http_request",
        "verify_rest_response",
    ),
}
