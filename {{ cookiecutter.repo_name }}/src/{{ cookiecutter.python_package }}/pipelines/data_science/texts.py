"""What a column of text is meant as: dates, which become numbers, or words."""

from __future__ import annotations

import json
from typing import Any

from .checks import CATALOG, PARAMETERS

DATE = r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d.*)?"
DATE_OF_ANOTHER_KIND = (
    r"(?:\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d{2})|\d{4}[./]\d{1,2}[./]\d{1,2}"
    r"|(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))(?: .*)?"
)
NUMBER = r"[+-]?\d[\d.]*(?:,\d+)?"


def are_dates(values: Any) -> bool:
    """Whether all values are dates like 2021-03-04.

    Args:
        values: A pandas Series of text, without gaps.

    Raises:
        ValueError: When most of them are dates, and one cannot be read for sure.
    """
    import pandas as pd

    clear = values.str.fullmatch(DATE)
    if clear.all():
        parsed = pd.to_datetime(values, format="ISO8601", utc=True, errors="coerce")
        if parsed.isna().any():
            _refuse(values[parsed.isna()].iloc[0], values.name)
        return True
    dates = clear | values.str.fullmatch(DATE_OF_ANOTHER_KIND)
    if dates.mean() > 0.5:
        _refuse(values[~dates].iloc[0] if not dates.all() else values[~clear].iloc[0], values.name)
    return False


def check_numbers(values: Any) -> None:
    """Raise a `ValueError` where the texts are numbers with a decimal comma."""
    are_numbers = values.str.fullmatch(NUMBER)
    with_comma = values[values.str.contains(",", regex=False)]
    if not are_numbers.all() or with_comma.empty:
        return
    thousands = ", thousands: '.'" if values.str.contains(".", regex=False).any() else ""
    raise ValueError(
        f"Column {values.name!r} holds numbers with a comma, such as {with_comma.iloc[0]!r}: let "
        f"them be read in {CATALOG} with 'load_args' of `decimal: ','{thousands}`, or remove the "
        f"column from 'features' in {PARAMETERS}."
    )


def _refuse(value: str, name: str) -> None:
    import re

    edit = f"in the files named in {CATALOG}, or remove the column from 'features' in {PARAMETERS}."
    holds = f"Column {name!r} holds dates"
    if re.fullmatch(DATE, value):
        raise ValueError(
            f"{holds} such as {value!r}, a day or time that there is not: write it like "
            f"2021-03-04 or 2021-03-04 12:30 {edit} See 'parse_dates: [{name}]' of pandas too."
        )
    if not re.fullmatch(DATE_OF_ANOTHER_KIND, value):
        raise ValueError(f"{holds}, and {value!r}, which is none: leave such values empty {edit}")
    columns = json.dumps([name], ensure_ascii=False)
    raise ValueError(
        f"{holds} such as {value!r}, which cannot be read for sure: write them like 2021-03-04 in "
        f"the files named in {CATALOG}, or let both be read there with 'load_args' of "
        f"`parse_dates: {columns}` and `date_format: '{_format_of(value)}'` (as the values are "
        f"written, `%d` being the day and `%m` the month), or remove the column from 'features' "
        f"in {PARAMETERS}."
    )


def _format_of(value: str) -> str:
    """Return the format that a date most likely has; which of day and month is first, who knows."""
    day, _, time = value.partition(" ")
    mark = next((mark for mark in "./-" if mark in day), "")
    parts = day.split(mark) if mark else [day[:4]]
    year = "%y" if mark and len(parts[-1]) == 2 and len(parts[0]) < 4 else "%Y"
    order = (year, "%m", "%d") if len(parts[0]) == 4 else ("%d", "%m", year)
    half = time[-2:].upper() in ("AM", "PM")
    clock = (" %I" if half else " %H") + ":%M" + (":%S" if time.count(":") == 2 else "")
    return mark.join(order) + (clock if ":" in time else "") + (" %p" if half else "")
