"""What exporting never uses of MLflow is not imported; whoever asks for it after all gets it then.

Each function says why there is no public way, in which version it was seen, and when it can go.
`tests/contracts/` has a test of the same name for each, which fails when a version changes it.
"""

import os
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from .late_modules import LateFinder, LateName, defined_in, is_late, late_name, run
from .late_names import NAMES_OF_SOME_STORES

_FOR_RUN = ("mlflow.tracking.client",)
_FOR_SQL = (
    "mlflow.store.model_registry.sqlalchemy_workspace_store",
    "mlflow.store.tracking.sqlalchemy_workspace_store",
    "mlflow.utils.search_logged_model_utils",
    "sqlalchemy.dialects.sqlite",
)
_FOR_SERVER = (
    "mlflow.store.model_registry.rest_store",
    "mlflow.store.tracking.rest_store",
    "mlflow.store.artifact.mlflow_artifacts_repo",
)
_ACTIVE_MODEL = {"MLFLOW_ACTIVE_MODEL_ID", "_MLFLOW_ACTIVE_MODEL_ID"}
_REVISION = re.compile(r"""^revision = ["'](\w+)["']\s*$""", re.MULTILINE)
_DOWN_REVISION = re.compile(r"""^down_revision = (?:None|["'](\w+)["'])\s*$""", re.MULTILINE)


def import_lean() -> None:
    """Let this process import MLflow without what exporting never uses.

    A package's `__init__.py`, which imports all that a user may want, runs when a name of it is
    asked for, and not when a module in it is imported; so do modules that bring pandas, pyarrow and
    alembic. All is there for a plugin or an artifact store that needs it.

    Why: `import mlflow` takes 0.8 s of CPU, of which exporting needs 0.3 s; and each request to a
    server asks whether IPython is at work, which imports it, 0.1 s.
    Seen in: MLflow 3.17.2.
    Goes when: `from mlflow import MlflowClient` imports the rest late by itself.
    """
    if "mlflow" not in sys.modules and _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)


def import_early(database: bool) -> None:
    """Import what MLflow imports as it opens a store and takes a run; opens nothing.

    Why: a process that forks exporters may have no connection, and the public way opens one.
    Seen in: MLflow 3.17.2.
    Goes when: MLflow imports it with `MlflowClient`.

    Args:
        database: what a database needs, too.
    """
    import_lean()
    for name in (*_FOR_RUN, *(_FOR_SQL if database else _FOR_SERVER)):
        with suppress(ImportError):  # of another version, or of a package that is not installed
            import_module(name)
            run(name)
    if database:
        import sqlalchemy.orm

        sqlalchemy.orm.configure_mappers()


def import_everything() -> None:
    """Run what `import_lean` has kept from running, for another version of MLflow may miss it.

    Why: as `import_lean`; whether a late import has caused an error can't be told.
    Seen in: MLflow 3.17.2.
    Goes when: `import_lean` goes.
    """
    if _finder in sys.meta_path:
        _finder.run_all()


def check_schema_without_alembic(utils: ModuleType) -> None:
    """Let a store whose schema is this MLflow's own be opened without alembic.

    If the store's revision is not the newest of MLflow's migrations, MLflow's own check decides.

    Why: MLflow imports alembic and runs 66 migrations to learn one word, 0.25 s.
    Seen in: MLflow 3.17.2 (`mlflow.store.db.utils._verify_schema`).
    Goes when: MLflow checks the schema of a store without alembic.

    Args:
        utils: the module `mlflow.store.db.utils`.
    """
    verify: Callable[[Any], None] = utils._verify_schema
    migrations = Path(str(utils.__file__)).parents[1] / "db_migrations" / "versions"

    def verify_schema(engine: Any) -> None:
        with suppress(Exception):
            with engine.connect() as connection:
                rows = connection.exec_driver_sql("SELECT version_num FROM alembic_version")
                found = {str(row[0]) for row in rows}
            if found and found == newest_revisions(migrations):
                return
        verify(engine)

    utils._verify_schema = verify_schema  # type: ignore[attr-defined]


@cache
def newest_revisions(migrations: Path) -> frozenset[str]:
    """Return the revisions after which none comes; none if the files are not as expected.

    Why: as `check_schema_without_alembic`.
    Seen in: MLflow 3.17.2 (`revision` and `down_revision` in `mlflow/store/db_migrations`).
    Goes when: `check_schema_without_alembic` goes.
    """
    names, earlier = set(), set()
    for file in migrations.glob("[!_]*.py"):
        text = file.read_text("utf8")
        name, down = _REVISION.search(text), _DOWN_REVISION.search(text)
        if name is None or down is None:
            return frozenset()
        names.add(name[1])
        earlier.add(down[1])
    return frozenset(names - earlier)


def find_plugins_once(plugins: ModuleType) -> None:
    """Read the entry points of all packages once, and not for each kind of plugin.

    Why: MLflow asks for five kinds during a run, 4 ms each with 150 packages.
    Seen in: MLflow 3.17.2 (`mlflow.utils.plugins._get_entry_points`).
    Goes when: MLflow reads them once.

    Args:
        plugins: the module `mlflow.utils.plugins`.
    """
    found = cache(entry_points)
    plugins._get_entry_points  # noqa: B018  another version has none: `AttributeError`
    plugins._get_entry_points = lambda group: found().select(group=group)  # type: ignore[attr-defined]


def mask_urls_in_logs(logging_utils: ModuleType) -> None:
    """Mask credentials in the URLs that `urllib3` logs, as `import mlflow` does.

    Why: `mlflow/__init__.py` sees to it, which does not run.
    Seen in: MLflow 3.17.2 (`mlflow.utils.logging_utils._install_sensitive_query_param_filter`).
    Goes when: `import_lean` goes.

    Args:
        logging_utils: the module `mlflow.utils.logging_utils`.
    """
    logging_utils._install_sensitive_query_param_filter()


def _no_shell() -> None:
    """`get_ipython` of a process that has begun no shell, as none that never imported IPython."""


def _get_active_model_id() -> Any:
    """Its name's function, whose module need not run where no model was made the active one."""
    name = "mlflow.tracking.fluent"
    if is_late(name) and not _ACTIVE_MODEL & os.environ.keys():
        return None
    return LateName(name, "get_active_model_id")()


def _is_telemetry_disabled() -> bool:
    """Its name's function, whose module need not run where the environment answers."""
    if os.environ.get("MLFLOW_DISABLE_TELEMETRY", "").lower() in ("true", "1"):
        return True
    return bool(LateName("mlflow.telemetry.utils", "is_telemetry_disabled")())


_finder = LateFinder(
    families=("mlflow", "alembic", "IPython"),
    answers={
        "mlflow": {
            **defined_in("mlflow.version", __version__="VERSION"),
            **defined_in("mlflow.tracking.client", "MlflowClient"),
            **defined_in(
                "mlflow.tracking._tracking_service.utils",
                "get_tracking_uri",
                "is_tracking_uri_set",
                "set_tracking_uri",
            ),
        },
        "mlflow.data": defined_in("mlflow.data.dataset", "Dataset"),
        "mlflow.data.evaluation_dataset": late_name(  # it imports numpy and pandas
            "mlflow.data.evaluation_dataset", "EvaluationDataset"
        ),
        "mlflow.entities.model_registry.prompt_version": {  # it imports pydantic
            **defined_in("mlflow.prompt.constants", "IS_PROMPT_TAG_KEY", "PROMPT_TEXT_TAG_KEY"),
            **late_name(
                "mlflow.entities.model_registry.prompt_version",
                "PromptModelConfig",
                "PromptVersion",
            ),
        },
        "mlflow.genai.judges.instructions_judge": late_name(
            "mlflow.genai.judges.instructions_judge", "EXPECTATIONS_FIELD", "InstructionsJudge"
        ),
        "mlflow.genai.scorers.base": late_name("mlflow.genai.scorers.base", "Scorer"),
        "mlflow.genai.scorers.scorer_utils": late_name(
            "mlflow.genai.scorers.scorer_utils",
            "build_gateway_model",
            "extract_endpoint_ref",
            "extract_model_from_serialized_scorer",
            "is_gateway_model",
            "update_model_in_serialized_scorer",
            "validate_scorer_model",
            "validate_scorer_name",
        ),
        **{module: late_name(module, *names) for module, names in NAMES_OF_SOME_STORES.items()},
        "mlflow.telemetry.utils": {
            "is_telemetry_disabled": lambda: _is_telemetry_disabled,
            **late_name("mlflow.telemetry.utils", "_log_error"),
        },
        "mlflow.tracking.context.registry": {},
        "mlflow.tracking.fluent": {"get_active_model_id": lambda: _get_active_model_id},
        "pydantic": late_name("pydantic.main", "BaseModel"),
        "alembic.migration": late_name("alembic.migration", "MigrationContext"),
        "alembic.script": late_name("alembic.script", "ScriptDirectory"),
        "IPython": {"get_ipython": lambda: _no_shell},
    },
    then={
        "mlflow.store.db.utils": check_schema_without_alembic,
        "mlflow.utils.logging_utils": mask_urls_in_logs,
        "mlflow.utils.plugins": find_plugins_once,
    },
)
