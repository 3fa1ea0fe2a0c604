"""Datasets of many files: what a run was given, and what it wrote."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.faults.lab import Lab
from tests.faults.picture import client_of, only_run
from tests.harness.store import artifacts_of, runs_of

CATALOG = """
texts:
  type: partitions.PartitionedDataset
  path: data/01_raw/texts
  filename_suffix: .txt
  dataset: {{type: text.TextDataset}}
news:
  type: partitions.IncrementalDataset
  path: data/01_raw/news
  dataset: {{type: text.TextDataset}}
loud:
  type: plain.tracking.MLflowDataset
  dataset:
    type: partitions.PartitionedDataset
    path: data/02_intermediate/v1.0/loud
    filename_suffix: .txt
    {more}
    dataset: {{type: text.TextDataset{versioned}}}
"""
PIPELINE = '''
"""Texts in, texts out."""

from kedro.pipeline import Pipeline, node


def shout(texts, news):
    def later():
        return "LATE"

    found = {name.upper(): load().upper() for name, load in texts.items()}
    return {**found, "deep/late": later}, len(news)


def count(loud):
    return {name: load() for name, load in loud.items()}


def tell(texts):
    return repr(sorted(texts.items()))


def create_pipeline(**_):
    return Pipeline(
        [
            node(shout, ["texts", "news"], ["loud", "n_news"], name="shout", confirms="news"),
            node(count, "loud", "read", name="count"),
            node(tell, "read", "told", name="tell"),
        ]
    )
'''


@pytest.fixture
def project(bare: Lab) -> Lab:
    (bare.root / "conf/base/catalog.yml").write_text(CATALOG.format(more="", versioned=""))
    (bare.root / "src/plain/pipeline.py").write_text(PIPELINE)
    raw = bare.root / "data/01_raw"
    for name in ("texts/a.txt", "texts/b.txt", "texts/skipped.md", "news/1", "news/2"):
        (raw / name).parent.mkdir(parents=True, exist_ok=True)
        (raw / name).write_text(name)
    old = bare.root / "data/02_intermediate/v1.0/loud/OLD.txt"
    old.parent.mkdir(parents=True)
    old.write_text("of another run")
    return bare


def inputs_of(run: Any) -> dict[str, tuple[str, dict[str, Any]]]:
    """Digest and profile of each input of a run."""
    found = (one.dataset for one in run.inputs.dataset_inputs)
    return {one.name: (one.digest, json.loads(one.profile)) for one in found}


@pytest.mark.parametrize("options", [(), ("--runner", "ParallelRunner"), ("--async",)])
def test_partitions_are_inputs_and_artifacts(project: Lab, options: tuple[str, ...]) -> None:
    """Of the folder that they go to, what this run wrote; its next node loads just these."""
    project.run("kedro", "run", *options)
    run = only_run(project.store)
    client = client_of(project.store)
    assert run.info.status == "FINISHED"
    assert set(artifacts_of(client, run.info.run_id, "loud")) == {
        "loud/A.txt",
        "loud/B.txt",
        "loud/deep/late.txt",
    }
    assert "told" in run.data.params
    assert run.data.params["told"] == str(
        [("A", "TEXTS/A.TXT"), ("B", "TEXTS/B.TXT"), ("deep/late", "LATE")]
    )
    inputs = inputs_of(run)
    digest, profile = inputs["texts"]
    assert len(digest) == 32
    place = str(project.root / "data/01_raw/texts")
    assert profile == {"path": place, "num_parts": 2, "size_bytes": 22}
    assert inputs["news"][1]["num_parts"] == 2
    assert (project.root / "data/02_intermediate/v1.0/loud/OLD.txt").exists()


def test_digest_is_of_names_and_contents(project: Lab) -> None:
    """Equal for equal parts, wherever and whenever they were written; of what was read only."""
    digests = []
    raw = project.root / "data/01_raw"

    def digest(name: str) -> str:
        project.run()
        newest = runs_of(project.project)[0]
        return inputs_of(newest)[name][0]

    digests.append(digest("texts"))
    (raw / "texts/skipped.md").write_text("other")
    (raw / "texts/a.txt").write_text("texts/a.txt")  # the same at another time
    digests.append(digest("texts"))
    (raw / "texts/a.txt").write_text("texts/A.txt")  # as long as it was
    digests.append(digest("texts"))
    (raw / "texts/a.txt").rename(raw / "texts/c.txt")
    digests.append(digest("texts"))
    assert digests[0] == digests[1]
    assert len({*digests}) == 3
    # Of what comes bit by bit, the part that came.
    (raw / "news/3").write_text("new")
    project.run()
    newest = runs_of(project.project)[0]
    assert inputs_of(newest)["news"][1]["num_parts"] == 1


@pytest.mark.parametrize(
    ("more", "versioned"), [("overwrite: true", ""), ("", ", versioned: true")]
)
def test_written_partitions_are_loaded_again(project: Lab, more: str, versioned: str) -> None:
    """By another run, from MLflow, when they are asked for; each with its versions."""
    catalog = project.root / "conf/base/catalog.yml"
    catalog.write_text(CATALOG.format(more=more, versioned=versioned))
    if versioned:  # its owner's files were no versions
        (project.root / "data/02_intermediate/v1.0/loud/OLD.txt").unlink()
    project.run()
    first = only_run(project.store)
    assert (project.root / "data/02_intermediate/v1.0/loud/OLD.txt").exists() is False
    files = artifacts_of(client_of(project.store), first.info.run_id, "loud")
    assert {name.split("/")[1] for name in files} == {"A.txt", "B.txt", "deep"}
    entry = "loud:\n  type: plain.tracking.MLflowDataset\n"
    assert entry in catalog.read_text()
    more = f"  file_caching: false\n  loading_run_id: {first.info.run_id}\n"
    catalog.write_text(catalog.read_text().replace(entry, entry + more))
    temporary = project.root / "temporary"
    temporary.mkdir()
    project.run("kedro", "run", "--from-nodes", "count", env={"TMPDIR": str(temporary)})
    newest = runs_of(project.project)[0]
    assert newest.data.params["told"] == first.data.params["told"]
    assert not (project.root / "data/mlflow/.downloads").exists()
    assert not list(temporary.glob("mlflow-*"))


def test_secret_in_a_partition_is_masked_in_mlflow_only(project: Lab) -> None:
    """Also one in its name. The next node loads what was saved."""
    (project.root / "conf/local/credentials.yml").write_text("mail: {password: hunter2hunter2}\n")
    (project.root / "data/01_raw/texts/a.txt").write_text("HUNTER2HUNTER2 hunter2hunter2")
    (project.root / "data/01_raw/texts/of-hunter2hunter2.txt").write_text("b")
    project.project.edit("src/plain/pipeline.py", "name.upper(): load().upper()", "name: load()")
    project.project.edit("src/plain/pipeline.py", "repr(sorted(texts.items()))", "len(texts)")
    output = project.run(env={"KEDRO_MLFLOW_KEEP_JOURNAL": "1"}).output
    assert "secrets in 'loud/a.txt' are masked in MLflow" in output
    assert "a secret in the name 'loud/of-***.txt' is masked in MLflow" in output
    run = only_run(project.store)
    client = client_of(project.store)
    path = client.download_artifacts(run.info.run_id, "loud/a.txt")
    assert "hunter2" not in Path(path).read_text()
    names = {"loud/a.txt", "loud/b.txt", "loud/of-***.txt", "loud/deep/late.txt"}
    assert set(artifacts_of(client, run.info.run_id, "loud")) == names
    assert run.data.metrics["told"] == len(names)
    assert "hunter2" not in output
    kept = [*project.journals.rglob("events-*")]
    assert kept
    assert "hunter2" not in "".join(path.read_text() for path in kept)


def test_figures_are_those_of_this_run(project: Lab) -> None:
    """Of a folder to which other runs have written theirs."""
    catalog = project.root / "conf/base/catalog.yml"
    figures = "{type: matplotlib.MatplotlibDataset, filepath: data/08_reporting/figures}"
    entry = f"told: {{type: plain.tracking.MLflowDataset, dataset: {figures}}}\n"
    catalog.write_text(catalog.read_text() + entry)
    draw = "return {f'{name}.png': figure.Figure() for name in 'ab'}"
    project.project.edit("src/plain/pipeline.py", "return repr(sorted(texts.items()))", draw)
    imported = "from matplotlib import figure\nfrom kedro.p"
    project.project.edit("src/plain/pipeline.py", "from kedro.p", imported)
    old = project.root / "data/08_reporting/figures/old.png"
    old.parent.mkdir(parents=True)
    old.write_text("of another run")
    project.run()
    run = only_run(project.store)
    files = artifacts_of(client_of(project.store), run.info.run_id, "told")
    assert set(files) == {"told/a.png", "told/b.png"}


def test_many_parts_are_known_by_sizes_and_times(bare: Lab, tmp_path: Path) -> None:
    """Their contents would take minutes."""
    parts = bare.project.tracking("exporting.folder_digest")
    places = bare.project.tracking("journal.places").JournalPlaces(tmp_path, {})
    folder = tmp_path / "data"
    folder.mkdir()
    names = [f"{number}.txt" for number in range(parts.MAX_HASHED_PARTS + 1)]
    for name in names:
        (folder / name).write_bytes(b"x")
    (tmp_path / "parts.json").write_text(json.dumps(names))
    event = {"path": str(folder), "parts": "parts.json", "seen": 1 << 62}
    found = parts.parts_of(event, places)
    assert found.digest.startswith("stat-")
    assert (found.number, found.size) == (len(names), len(names))
    (folder / names[3]).write_bytes(b"xx")
    assert parts.parts_of(event, places).digest != found.digest
    far = parts.parts_of({**event, "path": "s3://bucket/data"}, places)
    assert (far.number, far.size) == (len(names), None)
    (tmp_path / "parts.json").write_text(json.dumps(names[:5]))
    assert not parts.parts_of(event, places).digest.startswith("stat-")
    # What changed since it was loaded is not what was loaded.
    assert parts.parts_of({**event, "seen": 0}, places).digest.startswith("stat-")
