"""What the GPUs are at, as NVIDIA's own library tells it: the one behind `nvidia-smi`.

https://docs.nvidia.com/deploy/nvml-api/ by ctypes, so that no package is needed.
"""

import ctypes
import os
from collections.abc import Iterator
from typing import Any

_LIBRARIES = ("nvml.dll",) if os.name == "nt" else ("libnvidia-ml.so.1",)
_VISIBLE = "CUDA_VISIBLE_DEVICES"
_MAX_UUID = 96


class _Memory(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_ulonglong) for name in ("total", "free", "used"))


class _Utilization(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_uint) for name in ("gpu", "memory"))


class Gpus:
    """The GPUs that a run may use; none where there is no driver, or none may be used."""

    def __init__(self) -> None:
        self._library: Any = None
        self._devices: dict[int, ctypes.c_void_p] = {}
        for name in _LIBRARIES:
            try:
                library = ctypes.CDLL(name)
                if library.nvmlInit_v2() == 0:
                    self._library = library
                    self._devices = dict(self._visible())
            except (OSError, AttributeError):  # no driver, or one of before 2012
                continue

    def read(self) -> dict[str, float]:
        """Return MLflow's system metrics of each, without their `system/`."""
        found: dict[str, float] = {}
        for number, device in self._devices.items():
            for name, value in self._of(device):
                found[f"gpu_{number}_{name}"] = round(value, 1)
        return found

    def _of(self, device: ctypes.c_void_p) -> Iterator[tuple[str, float]]:
        memory, used = _Memory(), _Utilization()
        watts, limit = ctypes.c_uint(), ctypes.c_uint()
        if self._ask("nvmlDeviceGetMemoryInfo", device, memory) and memory.total:
            yield "memory_usage_megabytes", memory.used / 1e6
            yield "memory_usage_percentage", memory.used / memory.total * 100
        if self._ask("nvmlDeviceGetUtilizationRates", device, used):
            yield "utilization_percentage", float(used.gpu)
        if self._ask("nvmlDeviceGetPowerUsage", device, watts):
            yield "power_usage_watts", watts.value / 1000
            is_known = self._ask("nvmlDeviceGetEnforcedPowerLimit", device, limit)
            if is_known and limit.value:
                yield "power_usage_percentage", watts.value / limit.value * 100

    def _ask(self, name: str, device: ctypes.c_void_p, answer: Any) -> bool:
        return bool(getattr(self._library, name)(device, ctypes.byref(answer)) == 0)

    def _visible(self) -> Iterator[tuple[int, ctypes.c_void_p]]:
        """Yield the number and the handle of each that CUDA shows to the run."""
        count = ctypes.c_uint()
        if self._library.nvmlDeviceGetCount_v2(ctypes.byref(count)) != 0:
            return
        shown = os.environ.get(_VISIBLE)
        words = None if shown is None else [word.strip() for word in shown.split(",")]
        for number in range(count.value):
            device = ctypes.c_void_p()
            found = self._library.nvmlDeviceGetHandleByIndex_v2(number, ctypes.byref(device))
            if found == 0 and (words is None or self._is_named(number, device, words)):
                yield number, device

    def _is_named(self, number: int, device: ctypes.c_void_p, words: list[str]) -> bool:
        if str(number) in words or any(word.startswith("MIG-") for word in words):
            return True
        uuid = ctypes.create_string_buffer(_MAX_UUID)
        if self._library.nvmlDeviceGetUUID(device, uuid, _MAX_UUID) != 0:
            return False
        return any(word and uuid.value.decode().startswith(word) for word in words)
