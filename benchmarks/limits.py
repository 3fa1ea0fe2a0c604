"""What each row was before, must be, and should be; set before anything was measured."""

from __future__ import annotations

from typing import NamedTuple


class Limit(NamedTuple):
    """The limits of a row.

    Args:
        before: what it was when the limit was set.
        required: what it must be.
        aim: what would be better.
    """

    before: str = ""
    required: str = ""
    aim: str = ""


LIMITS = {
    "iris": Limit("1.11", "1.06", "1.02"),
    "iris_cpu": Limit("1.51", "1.15", "1.06"),
    "one_cpu_warm": Limit("1.86", "1.20", "1.08"),
    "one_cpu_cold": Limit("1.86", "1.45", "1.30"),
    "idle": Limit("~1.5", "1.15", "1.05"),
    "idle_end": Limit("", "0.15 s", ""),
    "wide_one_cpu": Limit("", "1.35", "1.15"),
    "wide_server": Limit("1.18", "1.15", "1.05"),
    "off": Limit("", "1.02", "1.00"),
    "event": Limit("9 µs", "9 µs", "5 µs"),
    "memory": Limit("+0.2 MB", "+3 MB", "0"),
    "exporter_memory": Limit("", "150 MB", "110 MB"),
    "resident_memory": Limit("", "140 MB", "90 MB"),
    "iris_first": Limit("", "1.8", "1.3"),
    "generated": Limit("", "1.25", "1.05"),
    "wide": Limit("", "1.35", "1.10"),
    "growth": Limit("", "flat", "flat"),
    "growth_run": Limit("", "flat", "flat"),
    "memory_rss": Limit("", "5 MB", "1 MB"),
    "steps_recorded": Limit("", "100,000 /s", "300,000 /s"),
    "steps_exported": Limit("", "10,000 /s", "log_batch alone"),
    "artifact": Limit("", "1 (one copy)", "0 (no copy)"),
    "uploads": Limit("1.0", "1.0", "0.3"),
    "uploads_memory": Limit("", "300 MB", ""),
    "part_server": Limit("", "1.25", "1.10"),
    "dask_nodes": Limit(),
    "dask_waits": Limit("", "0.60", "0.52"),
    "dask_tracked": Limit("", "1.10", ""),
    "requests": Limit("", "0.05", ""),
    "images_memory": Limit("", "5 MB", "1 MB"),
    "startup": Limit("", "1.00", "< 1"),
}
