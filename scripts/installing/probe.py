"""Runs in the project's own interpreter: prints what is installed there, as JSON.

It runs on Pythons older than those that the layer works with, so that they can be named.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module

PACKAGES = ("kedro", "kedro-mlflow", "mlflow")
# The first came with Python 3.11; Kedro brings one of the others to 3.10.
READERS = ("tomllib", "tomli", "toml")


def version_of(package: str) -> str | None:
    """Return the version of a package, None where it is not installed."""
    metadata = import_module("importlib.metadata")
    try:
        found: str = metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
    return found


def parse_toml(text: str) -> object:
    """Return the content of a TOML file's text; None where nothing here can read one."""
    for name in READERS:
        try:
            reader = import_module(name)
        except ImportError:
            continue
        try:
            content: object = reader.loads(text)
        except ValueError as error:
            return {"error": str(error)}
        return content
    return None


if __name__ == "__main__":
    python = list(sys.version_info[:3])
    versions = {package: version_of(package) for package in PACKAGES} if python >= [3, 8] else {}
    tomls = []
    for path in sys.argv[1:]:
        with open(path, "rb") as file:
            content = file.read()
        try:
            tomls.append(parse_toml(content.decode("utf8")))
        except UnicodeDecodeError as error:
            tomls.append({"error": str(error)})
    print(json.dumps({"python": python, "versions": versions, "tomls": tomls}, default=str))
