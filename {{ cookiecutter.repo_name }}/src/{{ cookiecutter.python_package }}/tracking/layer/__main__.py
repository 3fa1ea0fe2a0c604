"""`python src/<package>/tracking/layer status`: the commands of `layer`, without Kedro.

For the time while conflicts are open: a file with markers is no Python, and where the settings
import it, `kedro` does not start.
"""

import sys
import types
from importlib import import_module
from pathlib import Path

# The name tells nothing of the project's package, and nothing of it is run but this folder.
_tracking = types.ModuleType("tracking")
_tracking.__path__ = [str(Path(__file__).resolve().parents[1])]

if __name__ == "__main__":
    sys.path.pop(0)  # this folder, whose names are none to be imported
    sys.modules["tracking"] = _tracking
    import_module("tracking.layer.cli").layer(prog_name=f"python {sys.argv[0]}")
