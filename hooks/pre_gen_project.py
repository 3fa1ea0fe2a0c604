"""Refuse a name that is itself a template, as `{{ "{{ 7*7 }}" }}`; the rest is in starter_names.py.

Cookiecutter renders the name before anything of ours sees it. Only a hook is also told what was
typed.
"""

import json
import sys

# Cookiecutter renders this file too. `tojson` escapes quotes, newlines and non-ASCII, so that no
# name can leave the literal.
TYPED: str = json.loads(
    r"""
    {{ (_cookiecutter | default(cookiecutter)).project_name | tojson }}
    """
)

if any(mark in TYPED for mark in "{}%#"):
    sys.exit(
        f"No project was made. project_name {TYPED!a} is not allowed. A project name has 2 to 64 "
        "ASCII letters, digits, spaces, dashes and underscores; it starts with a letter and ends "
        "with a letter or a digit."
    )
