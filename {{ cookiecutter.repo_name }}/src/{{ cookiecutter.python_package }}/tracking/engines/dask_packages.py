"""The packages of Dask, which are optional: one error tells what is missing, and the remedy."""

from importlib import import_module
from typing import Any

try:
    distributed: Any = import_module("distributed")
    # They come with it.
    dask: Any = import_module("dask")
    cloudpickle: Any = import_module("cloudpickle")
    pickling_support: Any = import_module("tblib.pickling_support")
except ImportError as missing:
    raise ImportError(
        f"DaskRunner needs the package 'distributed', which can't be imported ({missing}); install "
        "it with `pip install -r requirements-dask.txt`."
    ) from missing
