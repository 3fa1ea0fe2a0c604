"""Outputs that are in no catalog: how large they may be, and what a dict of numbers becomes."""

from __future__ import annotations

import collections
import decimal
import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.datasets.said import UNDECLARED, Said, say
from tests.harness.baked import BakedProject

TEXTS = [f"{number} {'word ' * 30}" for number in range(25_000)]
PASSED = "x" * 60_000
LARGE: dict[str, tuple[Any, str]] = {
    "list": (TEXTS, "list of 25,000 items"),
    "tuple": (tuple(TEXTS), "tuple of 25,000 items"),
    "set": (set(TEXTS), "set of 25,000 items"),
    "deque": (collections.deque(TEXTS), "deque of 25,000 items"),
    "view": (dict.fromkeys(TEXTS).keys(), "dict_keys of 25,000 items"),
    "nested": ([TEXTS, [TEXTS]], "list of 2 items"),
    "numbers": ([0.1] * 50_000, "list of 50,000 items"),
    "text": ("é" * 60_000, "str of 60,000 characters"),
    "bytes": (b"x" * 100_001, "bytes of 100,001 bytes"),
    "many params": ({f"k{number}": number for number in range(25_000)}, "dict of 25,000 items"),
    "many nested params": ({"a": dict.fromkeys(TEXTS, 1)}, "dict of 1 item"),
    "several texts": ({"a": PASSED, "b": PASSED}, "dict of 2 items"),
}


def tell(baked: BakedProject, value: Any, **options: Any) -> Said:
    return say(baked, UNDECLARED, value, "x", **options)


# Row 11 of issue 14: data is no param.
@pytest.mark.parametrize(("value", "text"), LARGE.values(), ids=LARGE)
def test_of_a_large_output_type_length_and_digest_are_recorded_and_said(
    baked: BakedProject, value: Any, text: str
) -> None:
    said = tell(baked, value)
    assert list(said.params) == ["x"]
    told, digest = said.params["x"].split(", sha256:")
    assert (told, len(digest)) == (text, 32)
    (warning,) = said.warnings
    for words in ("'x', in no catalog,", "100 kB", text, 'MLflowDataSet("p")', "auto_limit_bytes"):
        assert words in warning
    assert len(warning) < 400
    again = baked.tracking("recording.described").described(value)
    assert again == said.params["x"]


def test_what_is_declared_and_what_is_not_larger_is_recorded_whole(baked: BakedProject) -> None:
    kept = "x" * 5999 + "…"
    for value in ("x" * 100_000, b"x" * 100_000):
        assert tell(baked, value).params == {"x": kept}
    for kind in ("p", "a"):
        assert say(baked, kind, "x" * 200_000).params == {"x": kept}
    assert say(baked, "p", LARGE["many params"][0]).params["x.k24999"] == "24999"
    assert tell(baked, range(10**9)).params == {"x": "range(0, 1000000000)"}
    loop: list[Any] = [1]
    loop.append(loop)
    assert list(tell(baked, loop).params) == ["x"]
    assert not any("sha256" in text for text in tell(baked, loop).params.values())


def test_of_a_dict_what_is_large_by_itself_is_described_and_the_rest_recorded(
    baked: BakedProject,
) -> None:
    said = tell(baked, {"name": "adam", "deep": {"texts": TEXTS}, "frame": pd.DataFrame()})
    assert said.params["x.name"] == "adam"
    assert said.params["x.deep.texts"].startswith("list of 25,000 items, sha256:")
    assert len(said.params) == 2
    (warning,) = said.warnings
    assert "'x.deep.texts' in 'x', in no catalog," in warning
    assert "declare 'x'" in warning


def test_the_limit_is_an_argument(baked: BakedProject) -> None:
    assert tell(baked, "abcd", limit_bytes=3).params["x"].startswith("str of 4 characters, ")
    assert "0.003 kB" in tell(baked, "abcd", limit_bytes=3).warnings[0]
    assert tell(baked, "abc", limit_bytes=3).params == {"x": "abc"}
    assert tell(baked, 12345, limit_bytes=3).metrics == {("x", 0): 12345.0}
    whole = tell(baked, LARGE["many params"][0], limit_bytes=None, dicts_of_numbers="params")
    assert (len(whole.params), whole.warnings) == (25_000, [])


@pytest.mark.parametrize("limit", [0, -1, True, 1e5, "100 kB"])
def test_a_limit_that_is_none_is_refused(baked: BakedProject, limit: Any) -> None:
    hook = baked.tracking("hooks.catalog_logger").MLflowCatalogLoggerHook
    with pytest.raises(ValueError, match="auto_limit_bytes is ") as error:
        hook(auto_limit_bytes=limit)
    assert repr(limit) in str(error.value)
    assert "above 0, or None for no limit" in str(error.value)


def test_secrets_stay_secret(baked: BakedProject) -> None:
    said = say(baked, UNDECLARED, TEXTS, "api_token")
    assert said.params == {"api_token": "***"}


class Counted:
    """Counts how often its text is made."""

    made = 0

    def __repr__(self) -> str:
        Counted.made += 1
        return "x" * 1000


def test_a_large_value_is_not_walked_to_its_end(
    baked: BakedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = tell(baked, [Counted() for _ in range(1000)])
    assert said.params == {"x": "list of 1,000 items"}  # of objects there is no digest
    assert 0 < Counted.made < 110
    Counted.made = 0
    said = tell(baked, [Counted()] * 100_000)
    assert said.params == {"x": "list of 100,000 items"}
    assert Counted.made == 0


DIGEST = """
import sys
from {package}.tracking.recording.described import described
words = ["a", "b", "cd", "".join(["c", "d"])] * 1000
count = dict.fromkeys(words, 0.5)
for value in ({{*words}}, [frozenset(words)], words, count, [[1, 2.5, None]] * 9):
    print(described(value))
"""


def test_digests_of_equal_values_are_equal_in_any_process(baked: BakedProject) -> None:
    source = baked.root / "src"
    package = next(path.parent.name for path in source.glob("*/settings.py"))
    told = {
        subprocess.run(
            [sys.executable, "-c", DIGEST.format(package=package)],
            env={
                "PYTHONHASHSEED": seed,
                "PYTHONPATH": str(source),
                "PYTHONDONTWRITEBYTECODE": "1",  # the project is there to look at
            },
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(told) == 1
    assert told.pop().count("sha256:") == 5


def test_digest_tells_values_apart_and_that_of_a_text_is_its_own(baked: BakedProject) -> None:
    described = baked.tracking("recording.described").described
    several: list[Any] = [
        *(["ab", "c"], ["a", "bc"], ["abc"], [["ab"], "c"], [["ab", "c"]], [("ab", "c")]),
        *([1, 2], [2, 1], [1.0, 2], [True, 2], ["1", 2], [None, 2], [b"1", 2]),
        *({"a": 1}, {"a": 2}, {"b": 1}, {"a": {"a": 1}}, [decimal.Decimal(1)], [np.float64(1)]),
        *([list(range(300))], [[*range(299), 0]], ["x" * 2**20], ["x" * 2**20 + "y"]),
    ]
    digests = [described(value).partition("sha256:")[2] for value in several]
    assert all(digests)
    assert len(set(digests)) == len(several)
    for content in ("é" * 2**20, b"abc"):
        data = content if isinstance(content, bytes) else content.encode()
        assert described(content).endswith(f"sha256:{hashlib.sha256(data).hexdigest()[:32]}")


SCORES = {"f1": 0.5, "auc": {"train": np.float32(0.25), "test": 1}}
PARAMS = {"x.f1": "0.5", "x.auc.train": "0.25", "x.auc.test": "1"}


# Row 12 of issue 14.
def test_a_dict_of_numbers_is_params_and_how_to_have_metrics_is_said_once(
    baked: BakedProject, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    said = tell(baked, SCORES)
    assert (said.params, said.metrics) == (PARAMS, {})
    (warning,) = said.warnings
    package = baked.tracking("recording.automatic").__name__.removesuffix(".recording.automatic")
    assert "'x' is a dict of numbers" in warning
    assert f"`x: {{type: {package}.MLflowDataset, dataset: m}}`" in warning
    assert 'auto_dicts_of_numbers="metrics"' in warning

    caplog.clear()
    recorder = baked.tracking("recording.recorder").Recorder("key", tmp_path)
    automatic = baked.tracking("recording.automatic").Automatic()
    for name in ("one", "two", "one"):
        automatic.record(recorder, name, SCORES)
    recorder.journal.close()
    assert caplog.text.count("is a dict of numbers") == 1


@pytest.mark.parametrize(
    "value",
    [{}, {"a": True}, {"a": 1, "b": "text"}, {"a": [1.0]}, {"a": 1, "b": pd.DataFrame()}, [1.0]],
    ids=str,
)
def test_of_another_dict_nothing_is_said_and_it_stays_params(
    baked: BakedProject, value: Any
) -> None:
    for chosen in (None, "metrics"):
        said = tell(baked, value, dicts_of_numbers=chosen)
        assert (said.metrics, said.warnings) == ({}, [])
        assert said.params


def test_the_hook_is_told_what_dicts_of_numbers_become(baked: BakedProject) -> None:
    said = tell(baked, SCORES, dicts_of_numbers="metrics")
    metrics = {("x.f1", 0): 0.5, ("x.auc.train", 0): 0.25, ("x.auc.test", 0): 1.0}
    assert (said.params, said.metrics, said.warnings) == ({}, metrics, [])
    said = tell(baked, SCORES, dicts_of_numbers="params")
    assert (said.params, said.metrics, said.warnings) == (PARAMS, {}, [])
    hook = baked.tracking("hooks.catalog_logger").MLflowCatalogLoggerHook
    with pytest.raises(ValueError, match=r"auto_dicts_of_numbers is 'metric'; .*'metrics'\?"):
        hook(auto_dicts_of_numbers="metric")
