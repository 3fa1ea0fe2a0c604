"""Records what the hooks of this project record, into a journal that stays."""

from __future__ import annotations

import time
from typing import Any

from .session import inside_run, report


def main() -> None:
    """Run the pipeline's hooks without its nodes."""
    begin = time.perf_counter()

    def action(_pipeline: Any, _catalog: Any, _manager: Any, _run_id: str) -> None:
        """No node runs: what is recorded are files before the pipeline."""

    inside_run(action)
    report(seconds=time.perf_counter() - begin)


if __name__ == "__main__":
    main()
