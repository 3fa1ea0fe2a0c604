"""Outputs that are in no catalog: recorded by their type, up to a size, for data is no param."""

import sys
from collections.abc import Mapping
from typing import Literal

from ..arguments import require_one_of
from ..journal.events import flatten
from ..redact import is_secret, mask_known, masked_repr
from ..redact_shapes import MASK
from .described import described, text_size
from .recorder import Recorder
from .sorting import METRIC, sort_of

LIMIT_BYTES = 100_000
# What the text of `described` counts for.
_DESCRIBED = 80
_PARAMS: Literal["params"] = "params"
_METRICS: Literal["metrics"] = "metrics"

_LAYER = __name__.rpartition(".recording.")[0]


class Automatic:
    """Records outputs that are in no catalog.

    Args:
        limit_bytes: of a text or container above, only type, length and digest; None: no limit.
        dicts_of_numbers: what they become; None stands for params, and says so once.

    Raises:
        ValueError: an argument that is none of these.
    """

    def __init__(
        self,
        limit_bytes: int | None = LIMIT_BYTES,
        dicts_of_numbers: Literal["params", "metrics"] | None = None,
    ) -> None:
        if limit_bytes is not None and (type(limit_bytes) is not int or limit_bytes < 1):
            raise ValueError(
                f"auto_limit_bytes is {masked_repr(limit_bytes)}; it must be a whole number of "
                f"bytes above 0, or None for no limit."
            )
        if dicts_of_numbers is not None:
            require_one_of("auto_dicts_of_numbers", dicts_of_numbers, (_PARAMS, _METRICS))
        self.limit_bytes = limit_bytes
        self.dicts_of_numbers = dicts_of_numbers

    def record(self, recorder: Recorder, name: str, value: object) -> None:
        """Record a number as a metric, another scalar or a container as params, and no data."""
        try:
            if sort_of(value) == METRIC:
                recorder.log_metric(name, value)
            else:
                self._record_leaves(recorder, name, value)
        except Exception as error:
            # Code of the value's own class, which may raise anything: the others are recorded.
            recorder.warn(
                f"{name}: not recorded",
                f"{name!r} of type {type(value).__qualname__} is not recorded: {error!r}; name it "
                f'in the catalog, say as MLflowDataSet("pkl")',
            )

    def _record_leaves(self, recorder: Recorder, name: str, value: object) -> None:
        limit = sys.maxsize if self.limit_bytes is None else self.limit_bytes
        leaves, total, is_numbers = [], 0, isinstance(value, Mapping)
        for key, leaf in flatten(value, name):
            sort = sort_of(leaf)
            is_numbers = is_numbers and sort == METRIC
            if sort is None:
                continue
            size = 0 if self.limit_bytes is None else text_size(leaf, limit)
            total += len(key) - len(name) + (_DESCRIBED if size > limit else size)
            if total > limit:
                self._describe(recorder, name, name, value)
                return
            leaves.append((key, leaf, size > limit))
        as_metrics = is_numbers and self.dicts_of_numbers == _METRICS
        for key, leaf, is_large in leaves:
            if is_large:
                self._describe(recorder, name, key, leaf)
            elif as_metrics:
                recorder.log_metric(key, leaf)
            else:
                recorder.log_param(key, leaf)
        if is_numbers and self.dicts_of_numbers is None:
            entry = name + ": {type: " + _LAYER + ".MLflowDataset, dataset: m}"
            recorder.warn(
                "dicts of numbers",
                f"{name!r} is a dict of numbers and in no catalog, so they are params, which no "
                f"comparison shows. To have metrics, declare it, say in catalog.yml as `{entry}`, "
                f'or set auto_dicts_of_numbers="metrics" of MLflowCatalogLoggerHook; with "params" '
                f"they stay what they are, without this line",
            )

    def _describe(self, recorder: Recorder, name: str, key: str, value: object) -> None:
        if isinstance(value, str):
            value = mask_known(value, recorder.secrets)
        text = MASK if is_secret(key, value) else described(value)
        recorder.log_param(key, text)
        what = repr(name) if key == name else f"{key!r} in {name!r}"
        kind = "txt" if key == name and isinstance(value, str) else "pkl"
        recorder.warn(
            f"{key}: above the limit",
            f"{what}, in no catalog, is above {(self.limit_bytes or 0) / 1000:g} kB, so only type, "
            f"length and digest are recorded: {text}. To keep it whole, declare "
            f'{name!r}, say as MLflowDataSet("p") or, as a file, MLflowDataSet("{kind}"), or set '
            f"auto_limit_bytes of MLflowCatalogLoggerHook",
        )
