"""What is told of GPUs, with and without NVIDIA's driver."""

from __future__ import annotations

from typing import Any

import pytest


def test_gpus_where_there_is_no_driver(room: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    module = room("gpus")
    monkeypatch.setattr(module, "_LIBRARIES", ("libno-such-thing.so.1",))
    assert module.Gpus().read() == {}


class Driver:
    """Two GPUs as NVIDIA's library would tell of them."""

    def __init__(self, _: str) -> None:
        self.handles: dict[int | None, int] = {}

    def nvmlInit_v2(self) -> int:
        return 0

    def nvmlDeviceGetCount_v2(self, count: Any) -> int:
        count._obj.value = 2
        return 0

    def nvmlDeviceGetHandleByIndex_v2(self, number: int, device: Any) -> int:
        device._obj.value = number + 1
        return 0

    def nvmlDeviceGetUUID(self, device: Any, text: Any, _: int) -> int:
        text.value = f"GPU-{'ab'[device.value - 1]}0".encode()
        return 0

    def nvmlDeviceGetMemoryInfo(self, _: Any, answer: Any) -> int:
        answer._obj.total, answer._obj.used = 80_000_000_000, 8_000_000_000
        return 0

    def nvmlDeviceGetUtilizationRates(self, _: Any, answer: Any) -> int:
        answer._obj.gpu = 42
        return 0

    def nvmlDeviceGetPowerUsage(self, _: Any, answer: Any) -> int:
        answer._obj.value = 175_000
        return 0

    def nvmlDeviceGetEnforcedPowerLimit(self, _: Any, answer: Any) -> int:
        return 3  # not supported


@pytest.mark.parametrize(
    ("shown", "numbers"),
    [(None, [0, 1]), ("1", [1]), ("GPU-a", [0]), ("", []), ("-1", []), ("0, 1", [0, 1])],
)
def test_gpus_that_a_run_may_use(
    room: Any, monkeypatch: pytest.MonkeyPatch, shown: str | None, numbers: list[int]
) -> None:
    module = room("gpus")
    monkeypatch.setattr(module.ctypes, "CDLL", Driver)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if shown is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", shown)
    each = {
        "memory_usage_megabytes": 8000.0,
        "memory_usage_percentage": 10.0,
        "utilization_percentage": 42.0,
        "power_usage_watts": 175.0,
    }
    expected = {f"gpu_{n}_{name}": value for n in numbers for name, value in each.items()}
    assert module.Gpus().read() == expected
