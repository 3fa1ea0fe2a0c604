"""How a model is kept in MLflow: what `MLflowDataSet` may be asked for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..arguments import nearest, require_one_of
from ..journal.events import typed_key
from ..redact import masked_repr

FORMATS = ("cloudpickle", "skops")
_KEYS = ("metric", "greater_is_better", "same_params")


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
                f"registered_model_name is {masked_repr(name)}; MLflow takes no empty name, and no "
                f"/ or :."
            )
        if alias is not None and name is None:
            raise ValueError(
                f"alias is {masked_repr(alias)}, but only a registered model has aliases; "
                f"give registered_model_name too."
            )
        if alias is not None and not _is_alias(alias):
            raise ValueError(
                f"alias is {masked_repr(alias)}; MLflow takes letters, digits, - and _, but "
                f"neither 'latest' nor a version like 'v1'."
            )
        if self.promote_if is not None:
            self._check_rule(self.promote_if)

    def _check_rule(self, rule: Mapping[str, Any]) -> None:
        if self.alias is None:
            raise ValueError("promote_if says when an alias moves; give alias too.")
        for key in rule:
            if key not in _KEYS:
                raise ValueError(
                    f"promote_if has no key {masked_repr(key)}; it has {', '.join(_KEYS)}."
                    f"{nearest(key, _KEYS)}"
                )
        if not isinstance(rule.get("metric"), str) or not rule["metric"]:
            raise ValueError(
                f"promote_if is {masked_repr(dict(rule))}; name the metric that decides, "
                "say {'metric': 'score', 'greater_is_better': True}."
            )
        if not isinstance(rule.get("greater_is_better", True), bool):
            raise ValueError(
                f"promote_if has greater_is_better={masked_repr(rule['greater_is_better'])}; "
                f"use true or false."
            )
        same = rule.get("same_params", [])
        if not isinstance(same, list | tuple) or not all(isinstance(one, str) for one in same):
            raise ValueError(
                f"promote_if has same_params={masked_repr(same)}; give a list of params, "
                f"say ['target']."
            )

    def as_event(self) -> dict[str, Any]:
        """Return the options as they stand in the journal."""
        rule = self.promote_if
        if rule is not None:
            # As metrics and params are called in MLflow.
            rule = {**rule, "metric": typed_key(rule["metric"])}
            rule["same_params"] = [typed_key(name) for name in rule.get("same_params", [])]
        return {
            "name": self.registered_model_name,
            "alias": self.alias,
            "promote": rule,
            "format": self.serialization_format,
        }


def _is_alias(alias: str) -> bool:
    if not re.fullmatch(r"[\w\-]+", alias) or len(alias) > 255:
        return False
    return alias.lower() != "latest" and not re.fullmatch(r"[vV]\d+", alias)
