"""A large artifact: what recording it adds to the node, against a plain copy of the file."""

from __future__ import annotations

from .. import projects
from ..bench import Bench
from ..measure import Row, Spread

ROWS = ("artifact",)
CATALOG = """\
large_plain:
  type: pickle.PickleDataset
  filepath: data/large/plain.pkl

large_tracked:
  type: {package}.tracking.MLflowDataset
  dataset: pkl
  filepath: data/large/tracked.pkl

large_own:
  type: {package}.tracking.MLflowDataset
  dataset: pkl

large_file:
  type: pickle.PickleDataset
  filepath: data/large/file.bin
"""


def run(bench: Bench) -> list[Row]:
    """Measure in a process of the project; the journal, not MLflow, is what the node waits for."""
    megabytes = bench.size(1024, 16)
    project = projects.generated(bench.baked, bench.folder / "artifact", bench.environments.project)
    projects.make_wide(project, 1, "generated")
    catalog = project.root / "conf/base/catalog.yml"
    catalog.write_text(CATALOG.format(package=projects.PACKAGE), "utf8")
    config = project.package / "mlflow" / "mlflow_config.py"
    hook = "    MLflowArtifactsLoggerHook(\n"
    text = config.read_text("utf8")
    if hook not in text:
        raise RuntimeError(f"{config} has no line {hook!r}.")
    chosen = f'{hook}        datasets_after_node_run=["large_file"],\n'
    config.write_text(text.replace(hook, chosen), "utf8")
    projects.compile_project(project)

    bench.progress(f"artifact of {megabytes} MB")
    # They are inputs of no node, so the pipeline must name them.
    pipeline = project.package / "pipelines" / "wide" / "__init__.py"
    names = '["params:knob_0", "large_plain", "large_tracked", "large_own", "large_file"]'
    source = pipeline.read_text("utf8").replace('f"params:knob_{i}"', names)
    pipeline.write_text(source.replace("knob: float", "knob: float, *_: object"), "utf8")
    found = project.probe(
        "artifact", megabytes, bench.fewer, extra={"KEDRO_MLFLOW_EXPORT": "later"}
    )
    copies, saves = found["copy"], found["untracked"]

    def added(who: str) -> list[float]:
        """Return the copies that a tracked save takes longer than an untracked one."""
        rounds = zip(found[who], saves, copies, strict=True)
        return [(tracked - plain) / copy for tracked, plain, copy in rounds]

    figures = {
        "MLflowDataSet": added("own"),
        "MLflowDataSet with a path": added("tracked"),
        "file of a hook": [one / copy for one, copy in zip(found["hook"], copies, strict=True)],
    }
    return [
        Row(
            "artifact",
            f"artifact of {megabytes} MB: time added to the node / time of a plain copy",
            "x",
            {who: Spread.of(values) for who, values in figures.items()},
            dict(found),
        )
    ]
