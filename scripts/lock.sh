#!/usr/bin/env bash
# Pin every dependency, direct and transitive, in both lock files. What is pinned stays unless `--upgrade` is given.
# Usage: scripts/lock.sh [--upgrade]
set -euo pipefail
cd "$(dirname "$0")/.."

project='{{ cookiecutter.repo_name }}'
python="${PYTHON:-python3}"
uv=build/uv/bin/uv

if [ ! -x "$uv" ]; then
    "$python" -m venv build/uv
    build/uv/bin/pip install --quiet uv
fi

# `--universal`: one file for all systems and Python versions, with markers where they differ.
pin() {
    "$uv" pip compile --quiet --universal --python-version 3.10 --no-header --no-annotate "$@"
}

pin "$project/requirements.txt" --output-file "$project/requirements.lock" "${@}"
pin requirements-dev.txt --constraints "$project/requirements.lock" --output-file requirements-dev.lock "${@}"
