"""The keys that Kedro gives to each dataset, in entries of MLflow datasets."""

from __future__ import annotations

import json

import pytest

from tests.faults.lab import Lab
from tests.faults.picture import only_run, picture_of, text_of

SHOWN = """
from kedro_datasets.text import TextDataset


class ShownDataset(TextDataset):
    def preview(self, length: int = 3) -> str:
        return self.load()[:length]
"""
LAYERS = """
words:
  type: text.TextDataset
  filepath: data/01_raw/words.txt
  metadata: {kedro-viz: {layer: raw}}
n_words: {type: plain.tracking.MLflowDataset, dataset: m, metadata: {kedro-viz: {layer: scores}}}
"lou{name}":
  type: plain.tracking.MLflowDataset
  dataset: txt
  metadata: {kedro-viz: {layer: texts}}
joined:
  type: plain.tracking.MLflowDataset
  dataset:
    type: plain.shown.ShownDataset
    filepath: data/02_intermediate/joined.txt
    metadata: {kedro-viz: {layer: models, preview_args: {length: 9}}, owner: me}
"""
# A file system that asks for a token; its files lie on this disk.
VAULT = '''
"""Plain."""

import fsspec
from fsspec.implementations.local import LocalFileSystem


class Vault(LocalFileSystem):
    protocol = "vault"

    def __init__(self, token=None, **options):
        if token != "sesame-4711":
            raise PermissionError(f"the vault needs a token, not {token!r}")
        super().__init__(auto_mkdir=True)

    @classmethod
    def _strip_protocol(cls, path):
        return super()._strip_protocol(str(path).removeprefix("vault://"))


fsspec.register_implementation("vault", Vault, clobber=True)
'''
KEYS = """
words: {type: text.TextDataset, filepath: data/01_raw/words.txt}
_mlflow: &mlflow {type: plain.tracking.MLflowDataset, credentials: dev}
n_words: {<<: *mlflow, dataset: m, filepath: "vault://FAR/n_words.pkl"}
loud: {<<: *mlflow, dataset: txt, filepath: "vault://FAR/loud.txt", copy_mode: assign}
share: {<<: *mlflow, dataset: json, filepath: "vault://FAR/share.json"}
quiet: {<<: *mlflow, dataset: txt, versioned: true, filepath: "vault://FAR/quiet.txt"}
letters:
  type: plain.tracking.MLflowDataset
  dataset:
    type: json.JSONDataset
    filepath: vault://FAR/letters.json
    credentials: dev
    save_args: {indent: 1}
    fs_args: {open_args_save: {encoding: utf-16}, open_args_load: {encoding: utf-16}}
    metadata: {owner: me}
joined:
  type: plain.tracking.MLflowDataset
  dataset:
    type: text.TextDataset
    filepath: vault://FAR/joined.txt
    versioned: true
    credentials: dev
"""


def test_kedro_viz_shows_metadata(bare: Lab) -> None:
    """Layers, of a pattern and of a wrapped dataset too, and the wrapped dataset's own preview."""
    (bare.root / "src/plain/shown.py").write_text(SHOWN)
    (bare.root / "conf/base/catalog.yml").write_text(LAYERS)
    assert bare.run().code == 0
    built = bare.run("kedro", "viz", "build", "--include-previews", env={"DO_NOT_TRACK": "1"})
    assert built.code == 0, built.output
    nodes = json.loads((bare.root / "build/api/main").read_text())["nodes"]
    by_name = {node["name"]: node for node in nodes}
    layers = {name: node["layer"] for name, node in by_name.items() if node.get("layer")}
    assert layers == {"words": "raw", "n_words": "scores", "loud": "texts", "joined": "models"}
    told = json.loads((bare.root / "build/api/nodes" / by_name["joined"]["id"]).read_text())
    assert told["preview"] == "THE QUICK"
    assert told["filepath"].endswith("data/02_intermediate/joined.txt")


@pytest.mark.parametrize("runner", ["SequentialRunner", "ParallelRunner"])
def test_credentials_and_options(bare: Lab, runner: str) -> None:
    """In the entry and in the dataset that it wraps; all is recorded, and no token."""
    (bare.root / "src/plain/__init__.py").write_text(VAULT.lstrip())
    far = bare.root / "far"
    (bare.root / "conf/base/catalog.yml").write_text(KEYS.replace("FAR", str(far)))
    (bare.root / "conf/local/credentials.yml").write_text("dev: {token: sesame-4711}\n")
    ended = bare.run("kedro", "run", f"--runner={runner}")
    assert ended.code == 0, ended.output
    run = only_run(bare.store)
    picture = picture_of(bare.store, run)
    files = {"loud.txt", "share.json", "quiet.txt", "letters.json", "joined.txt"}
    assert files <= set(picture.artifacts)
    assert [value for *_, value in picture.metrics["n_words"]] == [4.5]
    assert json.loads((far / "letters.json").read_text("utf-16"))["longest"] == "quick"
    assert '\n "longest"' in (far / "letters.json").read_text("utf-16")
    assert (far / "share.json").read_text() == "0.5"
    for name in ("quiet", "joined"):
        (version,) = (far / f"{name}.txt").iterdir()
        told = text_of(bare.store, run, f"{name}.txt")
        assert (version / f"{name}.txt").read_text() == told
    held = [path for path in bare.root.rglob("*") if path.is_file() and path.name != "__init__.py"]
    held = [path for path in held if b"sesame-4711" in path.read_bytes()]
    assert [path.name for path in held if path.suffix != ".pyc"] == ["credentials.yml"]
    # A later run loads them from there, a version of one's choice too.
    (version,) = (far / "quiet.txt").iterdir()
    ended = bare.run("kedro", "run", "--nodes=join", f"--load-versions=quiet:{version.name}")
    assert ended.code == 0, ended.output
