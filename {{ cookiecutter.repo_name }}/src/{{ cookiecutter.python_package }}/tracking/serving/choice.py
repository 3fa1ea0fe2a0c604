"""Which model is meant: a name, an alias, a version, a URI, or a run."""

import re
from typing import Any

from ..commands.run_names import find_run
from .registered import CHAMPION, model_called, registered_models, unknown


def uri_of(client: Any, experiment: Any, text: str | None) -> tuple[str, str]:
    """Return the URI of the model that is meant, with a version and no alias, and what it is.

    Args:
        client: an `MlflowClient`.
        experiment: the project's experiment.
        text: what the user calls it; None for the project's one registered model.

    Raises:
        LookupError: there is none, or several, with what there is.
    """
    given = (text or "").removeprefix("models:/")
    if given.startswith("runs:/") or re.fullmatch(r"m-[0-9a-f]{32}", given):
        uri = given if given.startswith("runs:/") else f"models:/{given}"
        return uri, uri
    name, mark, which = re.fullmatch(r"([^@/]*)([@/]?)(.*)", given, re.DOTALL).groups()  # type: ignore[union-attr]
    models = registered_models(client) if name else None
    if models is not None and not mark and text == given and name not in models:
        return _of_run(client, experiment, name, list(models))
    model = model_called(client, experiment, name or None, models)
    if mark == "/":
        version, alias = model.version(which), None
    else:
        alias = which or CHAMPION
        version = model.behind(alias)
    words = f"version {version.version} of {model.name}"
    return f"models:/{model.name}/{version.version}", f"{words} (@{alias})" if alias else words


def _of_run(client: Any, experiment: Any, name: str, models: list[str]) -> tuple[str, str]:
    try:
        run = find_run(client, experiment, name)
    except LookupError as error:
        raise LookupError(f"{str(error.args[0]).rstrip()} And {unknown(name, models)}") from error
    outputs = run.outputs.model_outputs if run.outputs else []
    if not outputs:
        raise LookupError(f"the run {run.info.run_name} has no MLflow model.")
    if len(outputs) > 1:
        known = [client.get_logged_model(one.model_id) for one in outputs]
        listed = ", ".join(f"models:/{one.model_id} ({one.name})" for one in known)
        raise LookupError(
            f"the run {run.info.run_name} has {len(known)} models; take one: {listed}."
        )
    return f"models:/{outputs[0].model_id}", f"the model of the run {run.info.run_name}"
