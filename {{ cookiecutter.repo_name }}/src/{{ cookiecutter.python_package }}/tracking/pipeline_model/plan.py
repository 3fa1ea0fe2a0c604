"""What a model of a pipeline is made of, and why a pipeline can't be one."""

import inspect
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..arguments import nearest
from ..datasets.kinds import MODEL
from ..datasets.mlflow_dataset import MLflowDataset
from ..kedro_datasets_internals import is_parted
from ..kedro_internals import dataset_of, is_parameter, pipeline_called, unwrapped

# A version that a registered model has by its alias, as `models:/iris@champion`.
_BY_ALIAS = re.compile(r"models:/([^/@]+)@")


class PackingError(ValueError):
    """A pipeline that can't be a model, for a reason that its text tells."""


@dataclass(frozen=True)
class Plan:
    """A pipeline as one model.

    Args:
        name: the pipeline's name in the project.
        pipeline: Kedro's pipeline, with the nodes that the output needs.
        input: the dataset that a prediction is asked for.
        output: the dataset that is the answer.
        params: the params that its nodes take.
        values: of each other dataset that its nodes take, the dataset that it is taken from.
    """

    name: str
    pipeline: Any
    input: str
    output: str
    params: tuple[str, ...]
    values: Mapping[str, str]


def plan_of(name: str, taken: str, output: str | None, catalog: Any, made: Iterable[str]) -> Plan:
    """Return what the model of a pipeline is made of.

    Args:
        name: the pipeline.
        taken: the dataset that a prediction is asked for.
        output: the dataset that is the answer; the only one if None.
        catalog: Kedro's catalog.
        made: the datasets that the nodes of this run make.

    Raises:
        PackingError: it can't be one.
    """
    whole = _pipeline(name)
    output = output or _only_output(name, whole)
    if output not in whole.all_outputs():
        known = sorted(whole.all_outputs())
        told = f"no node of the pipeline {name!r} makes {output!r}, only {', '.join(known)}"
        raise PackingError(f"{told}.{nearest(output, known)}")
    pipeline = whole.to_outputs(output)
    _check_input(name, taken, output, whole, pipeline)
    _check_nodes(name, pipeline)
    others = sorted(pipeline.inputs() - {taken})
    params = tuple(one for one in others if is_parameter(one))
    values = {one: _source_of(one, catalog, set(made)) for one in others if one not in params}
    for one in params:
        if dataset_of(catalog, one) is None:
            raise PackingError(f"the pipeline {name!r} takes {one!r}, which no parameters have.")
    for one, source in values.items():
        _check_value(name, one, source, catalog, set(made))
    return Plan(name, pipeline, taken, output, params, values)


def _pipeline(name: str) -> Any:
    try:
        found, known = pipeline_called(name)
    except (ImportError, ValueError) as error:  # what a registry says of a name
        raise PackingError(str(error)) from error
    if found is None:
        listed = ", ".join(known)
        raise PackingError(f"there is no pipeline {name!r}, only {listed}.{nearest(name, known)}")
    return found


def _only_output(name: str, pipeline: Any) -> str:
    outputs = sorted(pipeline.outputs())
    if len(outputs) != 1:
        told = f"has {len(outputs)} outputs ({', '.join(outputs)})" if outputs else "has no output"
        raise PackingError(f"the pipeline {name!r} {told}, and a model answers one; give `output`.")
    return str(outputs[0])


def _check_input(name: str, taken: str, output: str, whole: Any, pipeline: Any) -> None:
    free = [one for one in sorted(pipeline.inputs()) if not is_parameter(one)]
    if taken in free:
        return
    if taken in whole.all_outputs():
        told = f"a node of the pipeline {name!r} makes {taken!r}, so nobody can give it"
    elif taken in whole.inputs() and not is_parameter(taken):
        told = f"{output!r} of the pipeline {name!r} does not depend on {taken!r}"
    else:
        told = f"{taken!r} is no free input of the pipeline {name!r}"
    listed = ", ".join(free) or "none"
    raise PackingError(f"{told}; its free inputs are {listed}.{nearest(taken, free)}")


def _check_nodes(name: str, pipeline: Any) -> None:
    given = pipeline.inputs()
    made = {one for node in pipeline.nodes for one in node.outputs}
    for node in pipeline.nodes:
        if inspect.isgeneratorfunction(_function(node.func)):
            raise PackingError(
                f"the node {node.name!r} of the pipeline {name!r} yields its output in parts, "
                f"which a model can't; let it return the whole."
            )
        for one in node.inputs:
            if one not in given and one not in made:  # `x@pandas` of what is saved as `x@spark`
                raise PackingError(
                    f"the pipeline {name!r} loads {one!r} in another way than it was saved, and a "
                    f"model hands it on in memory; let its nodes use one name."
                )


def _function(func: Any) -> Any:
    while isinstance(func, partial):
        func = func.func
    return inspect.unwrap(func)


def _source_of(name: str, catalog: Any, made: set[str]) -> str:
    """Return the dataset that a value is taken from.

    What is loaded as a registered model by its alias is, in a run that makes a version of that
    model, this new version: the alias moves only when the run has ended.
    """
    if name in made:
        return name
    found = _BY_ALIAS.match(getattr(dataset_of(catalog, name), "model_uri", None) or "")
    if found is None:
        return name
    others = ((one, dataset_of(catalog, one)) for one in sorted(made))
    new = (one for one, other in others if _registered_name(other) == found[1])
    return next(new, name)


def _registered_name(dataset: Any) -> str | None:
    is_model = isinstance(dataset, MLflowDataset) and dataset.kind == MODEL
    return dataset.model_options.registered_model_name if is_model else None


def _check_value(name: str, value: str, source: str, catalog: Any, made: set[str]) -> None:
    dataset = unwrapped(dataset_of(catalog, source))
    if dataset is None and source not in made:
        what = "can't be built" if source in catalog else "is in no catalog"
        raise PackingError(
            f"the pipeline {name!r} takes {value!r}, which {what} and no node of this run makes."
        )
    kind = getattr(getattr(dataset, "file", None), "kind", None)
    if dataset is not None and (is_parted(dataset) or getattr(kind, "is_parted", False)):
        raise PackingError(
            f"the pipeline {name!r} takes {value!r}, whose partitions are loaded one by one from "
            f"where they lie, and a model holds values; join them in a node of the run."
        )
