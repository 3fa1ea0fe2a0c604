"""Whether a model's alias moves to a new version."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from ..arguments import nearest
from ..journal.events import MEASURED, as_recorded, as_shown


class Deciding(NamedTuple):
    """How a metric of a run decides: which way is better, and among which runs."""

    greater_is_better: bool
    same_params: Mapping[str, str]


def deciding(rule: Mapping[str, Any], params: Mapping[str, str]) -> Deciding:
    """Return how the metric of a `promote_if` decides in a run with these params."""
    same = {name: params[name] for name in rule.get("same_params", ()) if name in params}
    return Deciding(bool(rule.get("greater_is_better", True)), same)


def incomparable(
    rule: Mapping[str, Any] | None, new: Mapping[str, str], present: Mapping[str, str]
) -> str | None:
    """Return why the metrics of two runs say nothing about each other, None if they may.

    Args:
        rule: `promote_if`, whose `same_params` are params that both runs must share.
        new: the params of the run that made the new version.
        present: those of the run behind the alias.
    """
    for name in (rule or {}).get("same_params", ()):
        if name in new and present.get(name) != new[name]:
            was = f"was {present[name]!r}" if name in present else "was no param"
            return f"{name} is {new[name]!r} and {was} there, so their metrics do not compare"
    return None


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
        known = [name for name in sorted(new) if not name.startswith(MEASURED)]
        return False, (
            f"the run has no metric {metric!r}, only {', '.join(known) or 'none'}"
            f"{nearest(metric, known)}"
        )
    value = new[metric]
    if not math.isfinite(value):
        return False, f"{metric} is {as_shown(value)}, which is not better"
    if present is None:
        return True, f"{metric} {value:.4g}, the first"
    if metric not in present:
        return True, f"{metric} {value:.4g}, the run before has none"
    old = as_recorded(present[metric])
    if not math.isfinite(old):
        return True, f"{metric} {value:.4g}, that of the run before is {as_shown(old)}"
    greater = rule.get("greater_is_better", True)
    better = value > old if greater else value < old
    sign = "equal to" if value == old else (">" if value > old else "<")
    return better, f"{metric} {value:.4g} {sign} {old:.4g}"
