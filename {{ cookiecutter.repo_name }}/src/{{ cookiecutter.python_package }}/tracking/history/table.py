"""How the run table looks: what tells runs apart, in the width of the terminal."""

from typing import Any

from ..commands import rules
from ..commands.run_names import BEST, LAST, best_run, find_run
from ..commands.tables import aligned, width_of_output
from ..journal.events import MEASURED

_ALWAYS = ("run_name", "start_time", "status", "duration")
_MARK = "is"
_NAME, _VALUE = "name", "value"
_TO_THE_MINUTE = 16


def print_chosen(columns: list[str], rows: list[dict[str, Any]]) -> None:
    """Print the columns that were asked for."""
    _print(columns, columns, rows)


def print_telling(
    client: Any, experiment: Any, rows: list[dict[str, Any]], with_equal: bool
) -> None:
    """Print what tells runs apart, and which of them `last` and `best:…` name.

    Args:
        client: an `MlflowClient`.
        experiment: the project's experiment.
        rows: the runs, as `run_table` has them.
        with_equal: print the params too that are equal in all.
    """
    if not rows:
        print("No run.")
        return
    names = list(dict.fromkeys(name for row in rows for name in row))
    telling = [name for name in names if not name.partition(".")[2].startswith(MEASURED)]
    metrics = [name for name in telling if name.startswith("metrics.")]
    params = [name for name in telling if name.startswith("params.")]
    differing = [name for name in params if len({row.get(name) for row in rows}) > 1]
    marks, notes = _marks(client, experiment, [name.partition(".")[2] for name in metrics])
    shown = [*_ALWAYS, *metrics, *differing]
    marked = [
        {**row, _MARK: marks.get(row["run_id"]), "start_time": row["start_time"][:_TO_THE_MINUTE]}
        for row in rows
    ]
    if any(row[_MARK] for row in marked):
        shown.insert(0, _MARK)
    equal = [name for name in params if name not in differing]
    if equal and not with_equal:
        are = "1 param is" if len(equal) == 1 else f"{len(equal)} params are"
        notes.append(f"{are} equal in all: --all shows them.")
    _print(shown, [_short(name, names) for name in shown], marked)
    if equal and with_equal:
        # Not as columns: one value would stand there over and over, and no terminal is so wide.
        _print_equal({_short(name, names): rows[0][name] for name in equal})
    for note in notes:
        print(note)


def _print_equal(params: dict[str, Any]) -> None:
    rows = [{_NAME: name, _VALUE: value} for name, value in params.items()]
    lines, _ = aligned([_NAME, _VALUE], rows, None)
    print("Equal in all:", *lines[1:], sep="\n  ")


def _short(name: str, names: list[str]) -> str:
    """Return a column's heading: without its kind, unless another one is then called the same."""
    short = name.partition(".")[2] or name
    same = [one for one in names if (one.partition(".")[2] or one) == short]
    return short if len(same) <= 1 else name


def _marks(client: Any, experiment: Any, metrics: list[str]) -> tuple[dict[str, str], list[str]]:
    """Return how runs are called beside their names, by their ids, and a line that says so."""
    known = rules.of_project()
    last = find_run(client, experiment, LAST).info.run_id
    marks, note = {last: LAST}, f"`{LAST}` names a run in every command"
    metric = known.main_metric(metrics)
    if metric is not None:
        try:
            best = best_run(client, experiment, metric, known).info.run_id
        except LookupError:
            return marks, [f"{note}."]
        marks[best] = f"{LAST} best" if best == last else "best"
        note = f"`{LAST}` and `{BEST}{metric}` (best) name runs in every command"
    return marks, [f"{note}."]


def _print(columns: list[str], headings: list[str], rows: list[dict[str, Any]]) -> None:
    renamed = [
        {new: row.get(old) for old, new in zip(columns, headings, strict=True)} for row in rows
    ]
    lines, left = aligned(headings, renamed, width_of_output())
    print("\n".join(lines))
    if left:
        names = [old for old, new in zip(columns, headings, strict=True) if new in left]
        count = "1 column has" if len(names) == 1 else f"{len(names)} columns have"
        print(f"{count} no room here: --columns shows {', '.join(names)}.")
