"""Which metric decides, and whether more of it is better: `promote_if`, else the name says it."""

import os
from collections.abc import Iterable, Mapping
from typing import Any

from ..exporting.comparison import is_lower_better, is_shown
from ..journal.events import typed_key
from ..logs import PlainLogger
from ..project import project_path

logger = PlainLogger(__name__)


class Rules:
    """The rules by which runs and models compare.

    Args:
        entries: the catalog's configuration, by dataset.
    """

    def __init__(self, entries: Mapping[str, Any] | None = None) -> None:
        # By the model's name in the registry: metric, and whether more is better.
        self.by_model: dict[str, tuple[str, bool]] = {}
        # Params that runs must share, or their metrics say nothing about each other.
        self.same_params: tuple[str, ...] = ()
        for entry in (entries or {}).values():
            rule = entry.get("promote_if") if isinstance(entry, Mapping) else None
            if isinstance(rule, Mapping) and isinstance(rule.get("metric"), str):
                name = str(entry.get("registered_model_name"))
                greater = rule.get("greater_is_better", True) is not False
                metric = typed_key(rule["metric"])
                self.by_model[name] = (metric, greater)
                same = map(typed_key, rule.get("same_params") or ())
                self.same_params = tuple(dict.fromkeys([*self.same_params, *same]))

    def greater_is_better(self, metric: str) -> bool:
        """Whether more of a metric is better: as `promote_if` says, else unless it is an error."""
        said = dict(self.by_model.values())
        return said.get(metric, not is_lower_better(metric))

    def main_metric(self, metrics: Iterable[str]) -> str | None:
        """Return the metric that decides: that of a `promote_if`, else the first that is shown."""
        known = sorted(name for name in metrics if is_shown(name))
        decide = [metric for metric, _ in self.by_model.values() if metric in known]
        return next(iter([*decide, *known]), None)


def _entries_of_hooks(hooks: Iterable[Any]) -> dict[str, Any]:
    """Return what hooks that register models say, as entries of a catalog would."""
    found = {f"hook {n}": getattr(hook, "model_options", None) for n, hook in enumerate(hooks)}
    return {name: vars(options) for name, options in found.items() if options is not None}


def of_project() -> Rules:
    """Return the rules of the project; none, and a warning, if its catalog can't be read."""
    from kedro.framework.project import settings

    try:
        loader = settings.CONFIG_LOADER_CLASS(
            conf_source=str(project_path() / str(settings.CONF_SOURCE)),
            env=os.environ.get("KEDRO_ENV"),
            **settings.CONFIG_LOADER_ARGS,
        )
        return Rules({**loader["catalog"], **_entries_of_hooks(settings.HOOKS)})
    except Exception as error:  # whatever a catalog of the user's raises
        logger.warning("`promote_if` of the catalog is not known: %s", error)
        return Rules()
