"""Registers a model as a new version, and moves its alias.

A version carries a tag with the key of the journal's event, and is looked up before it is made.
"""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from ..program import mlflow_command
from ..store.filters import quoted
from ..store.reasons import is_permanent
from .promotion import decide, incomparable

MODEL_KEY = "kedro.model_key"
PROMOTION = "kedro.promotion"
_NO_RUN = SimpleNamespace(data=SimpleNamespace(metrics={}, params={}))


class RegisteredVersion:
    """The version that a model becomes in MLflow's registry, if it is asked for.

    Args:
        event: the journal's `model` event.
        key: the key of the event.
        is_new: nobody has tried to export it before.
    """

    def __init__(self, event: dict[str, Any], key: str, is_new: bool) -> None:
        self.event = event
        self.key = key
        self.version: str | None = None
        self._is_new = False
        # This very try may make what its lost reply does not tell.
        self._may_exist = not is_new

    def send(self, client: Any, model_id: str, run_id: str) -> None:
        """Register the version, where that is asked for and not done yet."""
        if self.version is None and self.event.get("name"):
            self.version = self._register(client, str(self.event["name"]), model_id, run_id)

    def _register(self, client: Any, name: str, model_id: str, run_id: str) -> str:
        from mlflow.exceptions import MlflowException

        try:
            client.create_registered_model(name)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        may_exist, self._may_exist = self._may_exist, True
        if may_exist:
            for known in client.search_model_versions(f"name = {quoted(name)}"):
                if known.tags.get(MODEL_KEY) == self.key:
                    return str(known.version)
        with _current_store(client.tracking_uri):
            made = client.create_model_version(
                name,
                source=f"models:/{model_id}",
                run_id=run_id,
                tags={MODEL_KEY: self.key},
                model_id=model_id,
                description=self.event["about"].get("card"),
            )
        self._is_new = True
        return str(made.version)

    def conclude(
        self, client: Any, metrics: dict[str, float], params: dict[str, str], finished: bool
    ) -> str:
        """Move the alias if the rule says so, once for each version, and tell what was done.

        Args:
            client: an `MlflowClient`.
            metrics: the metrics of the run.
            params: the params of the run.
            finished: whether the run came to its end; no alias moves to the model of another.
        """
        name, alias = self.event.get("name"), self.event.get("alias")
        if not name or self.version is None:
            return "logged"
        told = f"version {self.version} of {name}"
        if not alias:
            return told
        if not self._is_new:
            known = client.get_model_version(name, self.version).tags
            if PROMOTION in known:
                return f"{told}; {known[PROMOTION]}"
        decision = self._decide(client, str(name), str(alias), metrics, params, finished)
        client.set_model_version_tag(name, self.version, PROMOTION, decision)
        self._is_new = False
        return f"{told}; {decision}"

    def _decide(
        self,
        client: Any,
        name: str,
        alias: str,
        metrics: dict[str, float],
        params: dict[str, str],
        finished: bool,
    ) -> str:
        holder = _holder(client, name, alias)
        if holder is not None and str(holder.version) == self.version:
            return f"@{alias} points to it"
        if not finished:
            return f"@{alias} stays: the run did not finish"
        rule, behind = self.event.get("promote"), _run_behind(client, holder)
        moves, why = decide(rule, metrics, behind and behind.data.metrics)
        if behind and (rule or {}).get("same_params"):
            differs = incomparable(rule, params, behind.data.params)
            if differs is not None:
                by_hand = mlflow_command(f"promote {self.version} --model {shlex.quote(name)}")
                moves, why = False, f"{differs}; `{by_hand}` moves it"
        if not moves:
            where = f"version {holder.version}" if holder is not None else "unset"
            return f"@{alias} stays at {where}: {why}" if holder else f"@{alias} stays unset: {why}"
        client.set_registered_model_alias(name, alias, self.version)
        before = f" from version {holder.version}" if holder is not None else ""
        return f"@{alias} moves to it{before}: {why}"


@contextmanager
def _current_store(uri: str) -> Iterator[None]:
    """Make a store the process's current one.

    MLflow 3.17 looks a `models:/` source up there, whatever store the client works on.
    """
    import mlflow

    # MLflow ships no types for these.
    is_set: Any = mlflow.is_tracking_uri_set
    set_uri: Any = mlflow.set_tracking_uri
    before = mlflow.get_tracking_uri() if is_set() else None
    try:
        set_uri(uri)
        yield
    finally:
        set_uri(before)  # None takes it back


def _holder(client: Any, name: str, alias: str) -> Any:
    """Return the version that has the alias, or None."""
    from mlflow.exceptions import MlflowException

    try:
        return client.get_model_version_by_alias(name, alias)
    except MlflowException as error:
        if error.error_code in ("INVALID_PARAMETER_VALUE", "RESOURCE_DOES_NOT_EXIST"):
            return None
        raise


def _run_behind(client: Any, version: Any) -> Any:
    """Return the run that made a version; None where there is no version."""
    if version is None:
        return None
    if not version.run_id:  # registered by hand
        return _NO_RUN
    try:
        return client.get_run(version.run_id)
    except Exception as error:
        if is_permanent(error):  # the run was deleted for good
            return _NO_RUN
        raise
