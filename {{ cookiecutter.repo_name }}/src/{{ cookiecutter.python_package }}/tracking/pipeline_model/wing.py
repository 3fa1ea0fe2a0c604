"""What this wing adds to the layer; see `wings.py`."""

COMMANDS = {"package-model": "commands:package_model"}
HOOKS = {"MLflowPipelineModelHook": "hook"}
MODELS = {"kedro_pipeline": "writing:write"}
