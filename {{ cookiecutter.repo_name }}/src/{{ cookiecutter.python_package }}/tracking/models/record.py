"""Records a model that a node saved, in the node's process."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..recording.recorder import Recorder
from .flavors import flavor_of, own_code, packages_of
from .sample import try_sample
from .signature import describe


def record_model(
    recorder: Recorder,
    name: str,
    model: Any,
    pickled: Path,
    owned: bool,
    sample: Any,
    options: Mapping[str, Any],
    origin: str,
) -> None:
    """Record a model as an MLflow model, or as a file where MLflow does not know its kind.

    Args:
        recorder: the recorder of the run that it goes to.
        name: its name in the run.
        model: the model.
        pickled: its pickle.
        owned: the pickle lies in the journal of that run.
        sample: rows that it was trained on, for signature and example; None if they are not known.
        options: how it is kept, as `ModelOptions.as_event` gives it.
        origin: what tells its pickle from other files, as for `log_artifact`.
    """
    flavor = flavor_of(model)
    if flavor is None:
        kind = f"{type(model).__module__}.{type(model).__qualname__}"
        recorder.warn(
            name, f"MLflow has no flavour for {name!r}, a {kind}: its pickle is an artifact"
        )
        recorder.log_artifact(pickled, owned=owned, origin=origin)
        return
    about: dict[str, Any] = {"signature": None, "example": None}
    if sample is not None:
        try:
            about = describe(*try_sample(model, sample))
        except Exception as error:
            why = f"{type(error).__name__}: {error}".splitlines()[0]
            recorder.warn(name, f"the model {name!r} gets no signature: {why}")
    packages = packages_of(model)
    code = own_code(packages)
    about["packages"] = sorted(packages - set(code))
    recorder.log_model(name, pickled, flavor, about, code.values(), options)
    recorder.log_artifact(pickled, owned=owned, origin=origin)
