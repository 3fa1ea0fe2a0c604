"""The text on the page of a pipeline's model in MLflow: what it takes, answers and holds."""

from collections.abc import Iterable

from .plan import Plan

# MLflow keeps 5,000 characters of a description.
_MAX_NAMES = 40
_MAX_CHARACTERS = 4_500


def card_of(plan: Plan) -> str:
    """Return what the model of a pipeline is, as Markdown.

    Args:
        plan: what it is made of.
    """
    params = [name.removeprefix("params:") for name in plan.params]
    lines = [
        f"The pipeline `{plan.name}` as one model.",
        "",
        f"- takes `{plan.input}`",
        f"- answers `{plan.output}`",
        f"- nodes, one after the other: {_listed(node.name for node in plan.pipeline.nodes)}",
        f"- holds the values {_listed(plan.values)}",
        f"- holds the params {_listed(params)}",
    ]
    return "\n".join(lines)[:_MAX_CHARACTERS]


def _listed(names: Iterable[str]) -> str:
    found = [f"`{name}`" for name in names]
    more = [f"and {len(found) - _MAX_NAMES} more"] if len(found) > _MAX_NAMES else []
    return ", ".join([*found[:_MAX_NAMES], *more]) or "none"
