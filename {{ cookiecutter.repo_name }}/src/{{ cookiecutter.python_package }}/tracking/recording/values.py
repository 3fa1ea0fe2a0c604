"""Records values: params, metrics and tags."""

import time
from collections.abc import Sequence
from pathlib import Path

from ..journal.events import (
    MAX_PARAM,
    MAX_STEP,
    MAX_TAG,
    as_metric,
    flatten,
    text_digest,
)
from .files import FileVoice

# A history is journalled in lines of this many values, so that no reader needs it whole.
HISTORY_CHUNK = 10_000
FULL_VALUES = "full_values"


class ValueVoice(FileVoice):
    """Says params, metrics and tags; what MLflow would cut is kept whole as a file."""

    def __init__(self, key: str, folder: Path, secrets: tuple[str, ...] = ()) -> None:
        super().__init__(key, folder, secrets)
        self._seen_params: dict[str, str] = {}

    def log_param(self, key: str, value: object) -> None:
        """Record a param; a value above 6000 characters is cut, and kept whole as an artifact."""
        name = self._clean(key)
        text = self._masked(key, value)
        if self._seen_params.get(name) == text:
            return
        self._seen_params[name] = text
        self.append({"e": "param", "k": name, "v": self._cut(name, text, MAX_PARAM)})

    def log_params(self, values: object, prefix: str = "") -> None:
        """Record a nested mapping as params with dotted keys, else the param `prefix`."""
        for key, value in flatten(values, prefix):
            self.log_param(key or "value", value)

    def log_metric(
        self, key: str, value: object, step: int = 0, timestamp_ms: int | None = None
    ) -> None:
        """Record one value of a metric; what is no number is kept as a param, with a warning.

        Args:
            key: the metric's name.
            value: int, float, bool, Decimal, or a numpy number.
            step: its step, an integer.
            timestamp_ms: its time in milliseconds since 1970; now by default.
        """
        number = as_metric(value)
        if number is None:
            self.warn(key, f"metric {key!r} is {type(value).__name__}, no number; kept as a param")
            self.log_param(key, value)
            return
        if not -MAX_STEP <= step <= MAX_STEP:
            self.warn(key, f"metric {key!r} has the step {step}, beyond 64 bits; kept at step 0")
            step = 0
        stamp = _now_ms() if timestamp_ms is None else timestamp_ms
        self.append({"e": "metric", "k": self._clean(key), "v": number, "t": stamp, "s": int(step)})

    def log_metric_history(
        self, key: str, values: Sequence[object], timestamp_ms: int | None = None
    ) -> None:
        """Record a metric's values at the steps 0, 1, 2, …; cheap for a million of them."""
        name = self._clean(key)
        stamp = _now_ms() if timestamp_ms is None else timestamp_ms
        for start in range(0, len(values), HISTORY_CHUNK):
            chunk = values[start : start + HISTORY_CHUNK]
            numbers = chunk.tolist() if hasattr(chunk, "tolist") else chunk
            if not all(type(value) is float for value in numbers):
                numbers = [as_metric(value) for value in numbers]
            if any(value is None for value in numbers):
                self.warn(key, f"metric {key!r} has values that are no numbers; left out")
            self.append({"e": "history", "k": name, "v": numbers, "t": stamp, "s": start})

    def set_tag(self, key: str, value: object) -> None:
        """Record a tag; a value above 8000 characters is cut, and kept whole as an artifact."""
        name = self._clean(key)
        text = self._masked(key, value)
        self.append({"e": "tag", "k": name, "v": self._cut(name, text, MAX_TAG)})

    def _cut(self, name: str, text: str, limit: int) -> str:
        if len(text) <= limit:
            return text
        file = f"{FULL_VALUES}/{name if len(name.encode()) <= 200 else text_digest(name)}.txt"
        self.warn(
            name, f"{name!r} has {len(text)} characters, MLflow takes {limit}: cut, whole in {file}"
        )
        self.log_text(text, file)
        return text[: limit - 1] + "…"


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
