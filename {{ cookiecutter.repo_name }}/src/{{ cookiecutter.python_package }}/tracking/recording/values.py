"""Records values: params, metrics and tags."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..journal.events import (
    MAX_PARAM,
    MAX_STEP,
    MAX_TAG,
    as_metric,
    flatten,
    text_digest,
)
from .inputs import InputVoice

# A history is journalled in lines of this many values, so that no reader needs it whole.
HISTORY_CHUNK = 10_000
FULL_VALUES = "full_values"


class ValueVoice(InputVoice):
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
            kind = type(value).__qualname__
            self.warn(
                f"{key}: no number",
                f"metric {key!r} is {kind}, no number: kept as a param; give a number, or use "
                f'MLflowDataSet("p") for it',
            )
            self.log_param(key, value)
            return
        if not -MAX_STEP <= step <= MAX_STEP:
            self.warn(key, f"metric {key!r} has the step {step}, beyond 64 bits; kept at step 0")
            step = 0
        stamp = _now_ms() if timestamp_ms is None else timestamp_ms
        self.append({"e": "metric", "k": self._clean(key), "v": number, "t": stamp, "s": int(step)})

    def log_metric_history(
        self,
        key: str,
        values: Sequence[object],
        timestamp_ms: int | None = None,
        steps: Sequence[int] | None = None,
    ) -> None:
        """Record a metric's values; cheap for a million of them whose steps follow each other.

        Args:
            key: the metric's name.
            values: numbers; what is none is left out, with a warning.
            timestamp_ms: their time in milliseconds since 1970; now by default.
            steps: their steps; 0, 1, 2, … by default.
        """
        name = self._clean(key)
        stamp = _now_ms() if timestamp_ms is None else timestamp_ms
        if not isinstance(values, list | tuple) and not hasattr(values, "tolist"):
            values = list(values)
        left_out = 0
        for start, end in _stretches(len(values), steps):
            chunk = values[start:end]
            numbers = chunk.tolist() if hasattr(chunk, "tolist") else chunk
            if not all(type(value) is float for value in numbers):
                numbers = [as_metric(value) for value in numbers]
                left_out += sum(value is None for value in numbers)
            first = start if steps is None else steps[start]
            self.append({"e": "history", "k": name, "v": numbers, "t": stamp, "s": first})
        if left_out:
            self.warn(
                f"{key}: no numbers",
                f"metric {key!r}: {left_out} of {len(values)} values are no numbers; left out, "
                f"the others keep their steps",
            )

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


def _stretches(count: int, steps: Sequence[int] | None) -> Iterator[tuple[int, int]]:
    """Yield from where to where values stand in one line: not too long, step after step."""
    start = 0
    while start < count:
        end = min(start + HISTORY_CHUNK, count)
        if steps is not None:
            breaks = (at for at in range(start + 1, end) if steps[at] != steps[at - 1] + 1)
            end = next(breaks, end)
        yield start, end
        start = end


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
