"""What is recorded has its secrets masked, and the user's own files and datasets keep theirs."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from tests.faults.journals import new_journal
from tests.harness.baked import BakedProject

PASSWORD = "hunter2-Tr0ub4dor"


@pytest.fixture
def recorder(baked: BakedProject, tmp_path: Path) -> Any:
    made = new_journal(baked.tracking, tmp_path / "journals", "sqlite:///unused.db")
    made.secrets = baked.tracking("redact").secrets_in({"password": PASSWORD})
    return made


def events_of(recorder: Any) -> list[dict[str, Any]]:
    lines: list[str] = []
    for path in recorder.folder.glob("events-*"):
        lines += path.read_text("utf8").splitlines()
    return [json.loads(line) for line in lines]


def artifacts_of(recorder: Any) -> dict[str, str]:
    found = [
        recorder.folder / event["f"] for event in events_of(recorder) if event["e"] == "artifact"
    ]
    files = [path for one in found for path in ([one] if one.is_file() else one.rglob("*"))]
    return {path.name: path.read_text("utf8") for path in files if path.is_file()}


# Row 11 of issue 12.
def test_copy_is_masked_and_the_file_is_not(
    recorder: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    path = tmp_path / "parameters.yml"
    path.write_text(f"password: {PASSWORD}\nother: 1\n")
    recorder.log_artifact(path)
    recorder.log_artifact(path)
    assert path.read_text() == f"password: {PASSWORD}\nother: 1\n"
    assert artifacts_of(recorder) == {"parameters.yml": "password: '***'\nother: 1\n"}
    (told,) = [record.getMessage() for record in caplog.records]
    assert told.startswith("secrets in 'parameters.yml' are masked in MLflow")


def test_folder_is_masked_file_by_file(recorder: Any, tmp_path: Path) -> None:
    folder = tmp_path / "conf"
    (folder / "base").mkdir(parents=True)
    (folder / "base/a.yml").write_text(f"api_key: {PASSWORD}\n")
    (folder / "b.csv").write_text(f"api_key\n{PASSWORD}x\n")
    recorder.log_artifact(folder)
    assert artifacts_of(recorder) == {
        "a.yml": "api_key: '***'\n",
        "b.csv": f"api_key\n{PASSWORD}x\n",  # no configuration: never changed
    }
    assert PASSWORD in (folder / "base/a.yml").read_text()


@pytest.mark.parametrize("kind", ["txt", "json"])
def test_data_of_a_node_is_masked_for_known_secrets_only(
    recorder: Any, kind: str, baked: BakedProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In data a name such as `token` tells nothing; the run loads its own file again, unmasked."""
    monkeypatch.chdir(tmp_path)  # where `data/mlflow` shares its files with the journal
    made = baked.tracking("datasets.mlflow_dataset").MLflowDataSet(
        "txt" if kind == "txt" else {"type": "json.JSONDataset", "filepath": "data/mlflow/a.json"},
        caching=False,
    )
    made.connect(recorder, "answer")
    value = f"token=hello {PASSWORD}" if kind == "txt" else {"token": "hello", "note": PASSWORD}
    made.save(value)
    assert made.load() == value
    recorded = "".join(artifacts_of(recorder).values())
    assert "hello" in recorded
    assert PASSWORD not in recorded
    assert PASSWORD in "".join(path.read_text() for path in Path("data/mlflow").iterdir())


def test_secret_in_a_name_is_masked_and_said(
    recorder: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Of files, folders, and what is in them; two names that become one stay two."""
    folder = tmp_path / "parts"
    for name in (f"a-{PASSWORD}.csv", f"a-{PASSWORD}x/1", f"a-{PASSWORD}x/2", "b.csv"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    (folder / "a-***.csv").write_text("named so")
    (folder / PASSWORD / "none").mkdir(parents=True)
    before = sorted(folder.rglob("*"))
    recorder.log_artifact(folder, is_data=True)
    recorder.log_artifact(folder / f"a-{PASSWORD}.csv", "to", is_data=True)
    recorder.log_artifact(folder / f"a-{PASSWORD}x/1", f"to/{PASSWORD}", is_data=True)
    other = tmp_path / f"a-{PASSWORD}.csv"
    other.write_text("of another place")
    recorder.log_artifact(other, "to", is_data=True)
    events = [event for event in events_of(recorder) if event["e"] == "artifact"]
    (copied,) = [recorder.folder / event["f"] for event in events if event["p"] is None]
    assert {path.relative_to(copied).as_posix() for path in copied.rglob("*")} == {
        *("a-***.csv", "a-***-2.csv", "a-***x", "a-***x/1", "a-***x/2", "b.csv")
    }
    names = [f"{event['p']}/{Path(event['f']).name}" for event in events[1:]]
    assert names[:2] == ["to/a-***.csv", "to/***/1"]
    assert names[2] not in names[:2]
    assert sorted(folder.rglob("*")) == before
    journal = [*recorder.folder.rglob("*")]
    assert not [path for path in journal if PASSWORD in path.name]
    records = [path for path in journal if "files" not in path.parts and path.is_file()]
    assert PASSWORD not in "".join(path.read_text() for path in records)
    told = [one for one in caplog.messages if "a secret in the name" in one]
    assert "the name 'parts/a-***-2.csv' and 2 more is masked in MLflow" in told[0]
    assert len(told) == 3
    assert PASSWORD not in caplog.text


@pytest.mark.parametrize("name", ["kept", "api_key"])
def test_secret_in_a_p_is_masked_in_params_and_tag(
    recorder: Any, name: str, baked: BakedProject, tmp_path: Path
) -> None:
    values = baked.tracking("datasets.values")
    value = {"users": [{"name": "ann", "password": "other-secret"}], "size": 3}
    values.record(recorder, "p", name, value)
    assert "other-secret" not in json.dumps(events_of(recorder))
    assert value["users"] == [{"name": "ann", "password": "other-secret"}]


# Row 20 of issue 12.
def test_wrapped_dataset_still_gets_its_credentials(
    recorder: Any, baked: BakedProject, tmp_path: Path
) -> None:
    made = baked.tracking("datasets.mlflow_dataset").MLflowDataSet(
        {
            "type": "json.JSONDataset",
            "filepath": str(tmp_path / "a.json"),
            "credentials": {"key": PASSWORD},
        }
    )
    made.connect(recorder, "made")
    made.save({"a": 1})
    recorder.log_param("entry", repr(made))
    assert made.file.kind.at("x.json")._fs.storage_options["key"] == PASSWORD
    assert PASSWORD not in json.dumps(events_of(recorder))
    assert PASSWORD not in str(made)


@pytest.mark.parametrize(
    "entry",
    [
        {"type": "json.JSONDataset", "filepath": f"https://ann:{PASSWORD}@host/a.json"},
        {"type": "MLflowDataset", "dataset": {"credentials": {"key": PASSWORD}}},
        {
            "type": "pandas.SQLTableDataset",
            "credentials": {"con": f"postgresql://a:{PASSWORD}@h/d"},
        },
        {
            "type": "api.APIDataset",
            "load_args": {"headers": {"Authorization": f"Bearer {PASSWORD}"}},
        },
    ],
)
def test_secret_of_a_catalog_entry_is_known(baked: BakedProject, entry: dict[str, Any]) -> None:
    from kedro.io import DataCatalog

    catalog = DataCatalog({})
    hook = baked.tracking("hooks.basic_logger").MLflowBasicLoggerHook()
    hook.after_catalog_created(catalog, {"cars": entry}, {}, {})
    assert PASSWORD in catalog._mlflow_secrets  # type: ignore[attr-defined]


def test_header_of_a_journal_has_no_secret(baked: BakedProject) -> None:
    settings = baked.tracking("settings").TrackingSettings(
        uri=f"http://ann:{PASSWORD}@host", tags={"api_key": PASSWORD, "team": "blue"}
    )
    assert PASSWORD not in json.dumps(settings.public())
    assert settings.public()["tags"] == {"api_key": "***", "team": "blue"}


def test_files_of_a_run_that_was_killed_are_masked_too(
    recorder: Any, baked: BakedProject, tmp_path: Path
) -> None:
    """The exporter takes them, which knows no secret: by their names."""
    folder = tmp_path / "conf"
    folder.mkdir()
    (folder / "a.yml").write_text(f"api_key: {PASSWORD}\n")
    recorder.log_at_end({str(folder): 0, str(folder / "a.yml"): 0})
    recorder.journal.close()
    export = baked.tracking("exporting.run_export").RunExport(recorder.folder, None)
    export.read(last=True)
    export._last_files.take()
    copies = list(recorder.folder.rglob("a.yml"))
    assert [path.read_text() for path in copies] == ["api_key: '***'\n"] * 2
    assert PASSWORD in (folder / "a.yml").read_text()
