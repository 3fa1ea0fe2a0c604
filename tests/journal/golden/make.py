"""Makes golden journals with the layer of this checkout; run by hand, once for each format.

    python -m tests.journal.golden.make FOLDER

It needs an empty `/golden` that it may write to (in a container, as root), and removes it again:
whatever absolute path a journal holds then begins with `/golden`, on any machine. In FOLDER come
`journals/`, and `project/`, the files of the project that the journals name. The README beside
says which commit made which folder; a folder that a release has made is never made again.
"""

from __future__ import annotations

import json
import math
import multiprocessing
import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.faults.lab import Lab
from tests.harness.baked import BakedProject
from tests.harness.doors import PYTHON, cookiecutter, copy_template
from tests.harness.doors import ROOT as HERE

from .lab import FILES

ROOT = Path("/golden")
PROJECT = ROOT / "project"
NOTE = "the artifact 'large.bin' is not in MLflow: it lies on another host"
# What `project/` keeps, for journals that name them.
NAMED = ("data/01_raw/words.txt", "data/01_raw/points.csv", "logs/info.log", "logs/errors.log")
KEYS = {
    "finished": "20261125T000001-00000001",
    "failed": "20261125T000002-00000002",
    "broken off": "20261125T000003-00000003",
    "every event": "20261125T000004-00000004",
}


def main(to: Path) -> None:
    """Make all journals and put them into a folder, which must not exist."""
    to = to.absolute()
    to.mkdir(parents=True)
    (ROOT / "tmp").mkdir(parents=True)
    os.environ["TMPDIR"] = str(ROOT / "tmp")
    try:
        lab = bake()
        finished(lab)
        failed(lab)
        broken_off(lab)
        every_event(lab)
        for path in lab.journals.iterdir():
            make_neutral(path)
            shutil.copytree(path, to / "journals" / path.name)
        for name in NAMED:
            target = to / "project" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, target)
        shutil.copytree(ROOT / "spare", to / "spare")
    finally:
        shutil.rmtree(ROOT)


def bake() -> Lab:
    """Make the project `/golden/project`, and run it once so that its logs have something."""
    config = ROOT / "config.yml"
    config.write_text(f"cookiecutters_dir: {ROOT / 'clones'}\nreplay_dir: {ROOT / 'replay'}\n")
    done = cookiecutter(copy_template(ROOT / "template"), "Golden Lab", ROOT, config)
    assert done.returncode == 0, done.stderr
    (ROOT / "golden-lab").rename(PROJECT)
    for sample in (PROJECT / "src/golden_lab/pipelines").glob("*/"):
        shutil.rmtree(sample)
    for name, text in FILES.items():
        path = PROJECT / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.lstrip("\n"))
    lab = Lab(BakedProject(PROJECT, PYTHON), {"LOGNAME": "golden", "TMPDIR": str(ROOT / "tmp")})
    done_first = lab.run(env={"KEDRO_MLFLOW_ENABLED": "false"})
    assert done_first.code == 0, done_first.output
    return lab


def finished(lab: Lab) -> None:
    """A run with ParallelRunner that waits for `sync`: a process file a worker, and a side run."""
    done = lab.run("kedro", "run", "--runner=ParallelRunner", env={"KEDRO_MLFLOW_EXPORT": "later"})
    assert done.code == 0, done.output
    rename(lab, "finished")


def failed(lab: Lab) -> None:
    """A run whose node raises, with threads."""
    env = {"KEDRO_MLFLOW_EXPORT": "later", "LAB_FAULT": "raise"}
    done = lab.run("kedro", "run", "--runner=ThreadRunner", env=env)
    assert done.code == 1, done.output
    rename(lab, "failed")


def broken_off(lab: Lab) -> None:
    """A run that is exported live when the power goes, in the middle of a line."""
    started = lab.start(env={"LAB_SLEEP": "60"})
    started.wait_for_node()
    time.sleep(2.5)
    started.kill_all()
    folder = rename(lab, "broken off")
    assert (folder / "alive.json").exists()
    (events,) = (path for path in folder.glob("events-*.jsonl") if b'"begin"' in path.read_bytes())
    with events.open("ab") as file:
        file.write(b'{"e":"metric","k":"cut","v":0.123')


def every_event(lab: Lab) -> None:
    """What a run may record, each thing once, said directly to a recorder, from four processes."""
    tracking = lab.project.tracking
    journal, settings = tracking("journal.layout"), tracking("settings")
    folder = lab.journals / KEYS["every event"]
    folder.mkdir(mode=0o700)
    spare = ROOT / "spare" / folder.name
    chosen = settings.TrackingSettings(
        uri=lab.project.store,
        experiment_name="golden every event",
        artifact_location=f"file://{PROJECT}/mlruns/every-event",
        run_name="every event",
        run_id="0123456789abcdef0123456789abcdef",
        nested=True,
        tags={"of": "the settings"},
        export="later",
    )
    header = {
        "format": journal.FORMAT,
        "key": folder.name,
        "start_ms": time.time_ns() // 1_000_000,
        "pid": os.getpid(),
        "settings": chosen.public(),
        "pipeline": "every event",
        "project": str(PROJECT),
        "spare": [str(spare)],
    }
    journal.write_json(folder / journal.HEADER, header)
    recorder = tracking("recording.recorder").Recorder(
        folder.name, folder, secrets=("a-known-secret",)
    )
    in_process(values, recorder)
    in_process(artifacts, recorder)
    in_process(whole_node, recorder)
    in_process(broken_nodes, recorder)
    # The disk of the journal was full at the end.
    spare.mkdir(parents=True)
    last = tracking("journal.writer").JournalWriter(spare)
    last.append({"e": "metric", "k": "in a spare folder", "v": 1.5, "t": 1_700_000_009_000, "s": 7})
    last.append({"e": "end", "status": "KILLED", "t": time.time_ns() // 1_000_000})
    last.close()


def in_process(action: Callable[[Any], None], recorder: Any) -> None:
    """Let a process of its own record something."""
    process = multiprocessing.get_context("fork").Process(target=action, args=(recorder,))
    process.start()
    process.join()
    assert process.exitcode == 0


def values(recorder: Any) -> None:
    """Params, metrics, histories, tags and inputs."""
    recorder.log_param("plain", 1)
    recorder.log_param("twice", "first")
    recorder.log_param("twice", "second")
    recorder.log_param("bad key ?", "päram")
    recorder.log_param("password", "not to be seen")
    recorder.log_param("masked", "it is a-known-secret, masked")
    recorder.log_param("long", "0123456789" * 601)
    recorder.log_params({"nested": {"deep": {"er": 1}, "list": [1, 2]}}, "params")
    recorder.log_metric("steps", 0.5, step=3, timestamp_ms=1_700_000_001_000)
    recorder.log_metric("steps", 0.25, step=1, timestamp_ms=1_700_000_002_000)
    recorder.log_metric("steps", 0.125, step=3, timestamp_ms=1_700_000_003_000)
    recorder.log_metric("same twice", 1, timestamp_ms=1_700_000_001_000)
    recorder.log_metric("same twice", 1, timestamp_ms=1_700_000_001_000)
    recorder.log_metric("not a number", math.nan, timestamp_ms=1_700_000_001_000)
    recorder.log_metric("infinite", -math.inf, timestamp_ms=1_700_000_001_000)
    recorder.log_metric("a text", "none", timestamp_ms=1_700_000_001_000)
    recorder.log_metric_history("history", [1.0, 0.5, None, 0.25, math.nan], 1_700_000_004_000)
    recorder.set_tag("tag", "first")
    recorder.set_tag("tag", "last counts")
    recorder.set_tag("long tag", "abcdefgh" * 1001)
    # Taken if the process dies; this one ends, so they are not.
    recorder.log_at_end({str(PROJECT / "logs/info.log"): 10, str(PROJECT / "logs/none.log"): 0})
    words = str(PROJECT / NAMED[0])
    recorder.log_input("words", words, rows=None, columns=None)
    kinds = {"i": "int64", "f": "float32", "b": "bool", "t": "datetime64[ns]", "s": "object"}
    recorder.log_input("far", "s3://bucket/table.parquet", rows=7, columns=kinds)
    told = {"size": 8, "mark": "0a1b2c3d", "by": "etag"}
    recorder.log_input("told", "s3://bucket/told.csv", rows=1, question=lambda: told)
    recorder.wait_for_answers()
    recorder.tell(NOTE)
    recorder.append({"e": "ask", "n": "machine"})


def artifacts(recorder: Any) -> None:
    """Files, a folder, a log of which a part is older, a text, and a dataset's own file."""
    source = ROOT / "artifacts"
    (source / "folder" / "inner").mkdir(parents=True)
    (source / "file.txt").write_text("a file\n")
    (source / "binary.bin").write_bytes(bytes(range(256)))
    (source / "folder" / "one.csv").write_text("a,b\n1,2\n")
    (source / "folder" / "inner" / "two.txt").write_text("two\n")
    (source / "growing.log").write_text("of an earlier run\nof this run\n")
    recorder.log_artifact(source / "file.txt")
    recorder.log_artifact(source / "binary.bin", "place/of/its own")
    recorder.log_artifact(source / "folder")
    recorder.log_artifact(source / "folder", "place")
    recorder.log_artifact(source / "growing.log", since=len("of an earlier run\n"))
    recorder.log_text("a text\n", "texts/note.txt")
    for name in ("kept", "changed in place"):
        own = recorder.folder / "datasets" / name / "1700000000000000000-0000" / f"{name}.txt"
        own.parent.mkdir(parents=True)
        own.write_text(f"{name}\n")
        os.link(own, source / own.name)  # as the project's file is
        recorder.log_artifact(own, owned=True)
    own.write_text("changed in place, later\n")


def whole_node(recorder: Any) -> None:
    """What the exporter is to draw, and a node that loads, runs and saves."""
    out = ROOT / "out"
    recorder.log_chart_settings(
        gantt=True,
        gantt_filepath=str(out / "gantt.html"),
        gantt_params={"title": {"text": "golden"}},
        time_log_filepath=str(out / "times.json"),
    )
    recorder.log_begin("whole", ["out"], ["in"])
    for kind, name, metric in (
        ("load", "in", "_time_to_load in"),
        ("run", "whole", "_time_to_run whole -- out"),
        ("save", "out", None),
    ):
        begin = time.time_ns()
        time.sleep(0.02)
        recorder.log_span(name, kind, begin, time.time_ns(), node="whole", metric=metric)


def broken_nodes(recorder: Any) -> None:
    """A node that fails, and one that a signal breaks off."""
    begin = time.time_ns()
    recorder.log_begin("failing", ["no"])
    time.sleep(0.02)
    recorder.log_span("failing", "run", begin, time.time_ns(), error="ValueError: no")
    recorder.log_begin("broken", ["x"], ["out"])
    recorder.log_interrupt()
    try:
        raise KeyboardInterrupt("ended by a signal")
    except KeyboardInterrupt as error:
        recorder.log_error(error)


def rename(lab: Lab, name: str) -> Path:
    """Give the journals of the last run their lasting key, and spare folders of no machine."""
    key = KEYS[name]
    (folder,) = (path for path in lab.waiting() if path.name not in all_names(lab))
    old = folder.name
    for path in sorted(lab.journals.glob(f"{old}*")):
        file = path / "run.json"
        header = json.loads(file.read_text().replace(old, key))
        header["spare"] = [str(ROOT / "spare" / header["key"])]
        file.write_text(json.dumps(header, separators=(",", ":")))
        path.rename(path.with_name(path.name.replace(old, key)))
    return lab.journals / key


def make_neutral(folder: Path) -> None:
    """Take this machine's paths out of the tracebacks that were recorded."""
    for file in folder.glob("files/*/traceback.txt"):
        text = file.read_text()
        for path, name in ((sys.prefix, "venv"), (sys.base_prefix, "python"), (HERE, "template")):
            text = text.replace(str(path), str(ROOT / name))
        file.write_text(text)


def all_names(lab: Lab) -> set[str]:
    """The names of the journals that have their lasting key, and of all side journals."""
    names = {path.name for path in lab.waiting()}
    return {name for name in names if name.partition(".")[0] in KEYS.values() or "." in name}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
