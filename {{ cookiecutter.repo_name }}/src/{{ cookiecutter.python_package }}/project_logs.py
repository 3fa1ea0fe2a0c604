"""The log of `conf/logging.yml`, whatever folder a run is started from.

Kedro reads that file in the working directory only, and at the moment it is imported. A notebook in
`notebooks/`, a script or `kedro run` in another folder would have no log files.
"""

import logging
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def use_project_logs() -> None:
    """Set up the log as in the project's folder; `KEDRO_LOGGING_CONFIG` wins."""
    file = ROOT / "conf" / "logging.yml"
    if os.environ.get("KEDRO_LOGGING_CONFIG") or not file.is_file():
        return
    import yaml
    from kedro.framework.project import LOGGING

    config = yaml.safe_load(file.read_text("utf8"))
    files = [handler for handler in config.get("handlers", {}).values() if "filename" in handler]
    for handler in files:
        handler["filename"] = str(ROOT / handler["filename"])
    handlers = logging.getLogger().handlers
    opened = {one.baseFilename for one in handlers if isinstance(one, logging.FileHandler)}
    if files and opened.issuperset(handler["filename"] for handler in files):
        return  # Kedro has found it
    for handler in files:
        Path(handler["filename"]).parent.mkdir(parents=True, exist_ok=True)
    LOGGING.configure(config)
