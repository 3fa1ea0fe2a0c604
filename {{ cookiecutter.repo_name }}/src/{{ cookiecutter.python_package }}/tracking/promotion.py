"""Whether a model's alias moves to a new version: what may be asked for, and the decision."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .settings import nearest, require_one_of

FORMATS = ("cloudpickle", "skops")
_KEYS = ("metric", "greater_is_better")


@dataclass(frozen=True)
class ModelOptions:
    """How a model is kept in MLflow; see `MLflowDataSet`.

    Raises:
        ValueError: an option's value can't be used, or it needs another option.
    """

    registered_model_name: str | None = None
    alias: str | None = None
    promote_if: Mapping[str, Any] | None = None
    serialization_format: str = "cloudpickle"

    def __post_init__(self) -> None:
        name, alias = self.registered_model_name, self.alias
        require_one_of("serialization_format", self.serialization_format, FORMATS)
        if name is not None and (not name.strip() or re.search(r"[/:]", name)):
            raise ValueError(
                f"registered_model_name is {name!r}; MLflow takes no empty name, and no / or :."
            )
        if alias is not None and name is None:
            raise ValueError(
                f"alias is {alias!r}, but only a registered model has aliases; "
                f"give registered_model_name too."
            )
        if alias is not None and not _is_alias(alias):
            raise ValueError(
                f"alias is {alias!r}; MLflow takes letters, digits, - and _, but neither 'latest' "
                f"nor a version like 'v1'."
            )
        if self.promote_if is not None:
            self._check_rule(self.promote_if)

    def _check_rule(self, rule: Mapping[str, Any]) -> None:
        if self.alias is None:
            raise ValueError("promote_if says when an alias moves; give alias too.")
        for key in rule:
            if key not in _KEYS:
                raise ValueError(
                    f"promote_if has no key {key!r}; it has {', '.join(_KEYS)}."
                    f"{nearest(key, _KEYS)}"
                )
        if not isinstance(rule.get("metric"), str) or not rule["metric"]:
            raise ValueError(
                f"promote_if is {dict(rule)!r}; name the metric that decides, "
                "say {'metric': 'score', 'greater_is_better': True}."
            )
        if not isinstance(rule.get("greater_is_better", True), bool):
            raise ValueError(
                f"promote_if has greater_is_better={rule['greater_is_better']!r}; "
                f"use true or false."
            )

    def as_event(self) -> dict[str, Any]:
        """Return the options as they stand in the journal."""
        return {
            "name": self.registered_model_name,
            "alias": self.alias,
            "promote": None if self.promote_if is None else dict(self.promote_if),
            "format": self.serialization_format,
        }


def decide(
    rule: Mapping[str, Any] | None,
    new: Mapping[str, float],
    present: Mapping[str, float] | None,
) -> tuple[bool, str]:
    """Decide whether an alias moves, and say why.

    Args:
        rule: `promote_if`; None moves it always.
        new: the metrics of the run that made the new version.
        present: those of the run behind the alias; None if there is no such run.
    """
    if rule is None:
        return True, "no condition is set"
    metric = rule["metric"]
    if metric not in new:
        known = [name for name in sorted(new) if not name.startswith("_")]
        return False, (
            f"the run has no metric {metric!r}, only {', '.join(known) or 'none'}"
            f"{nearest(metric, known)}"
        )
    value = new[metric]
    if math.isnan(value):
        return False, f"{metric} is NaN"
    if present is None:
        return True, f"{metric} {value:.4g}, the first"
    if metric not in present or math.isnan(present[metric]):
        return True, f"{metric} {value:.4g}, the run before has none"
    old = present[metric]
    greater = rule.get("greater_is_better", True)
    better = value > old if greater else value < old
    sign = "equal to" if value == old else (">" if value > old else "<")
    return better, f"{metric} {value:.4g} {sign} {old:.4g}"


def _is_alias(alias: str) -> bool:
    if not re.fullmatch(r"[\w\-]+", alias) or len(alias) > 255:
        return False
    return alias.lower() != "latest" and not re.fullmatch(r"[vV]\d+", alias)
