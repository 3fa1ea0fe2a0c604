"""When a node began, loaded, ran and saved, gathered from the events of a run."""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class NodeTimes:
    """When a node began, what it did, and whether it came to its end."""

    name: str
    begin: int
    outputs: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    worker: str = ""
    spans: list[dict[str, Any]] = field(default_factory=list)
    # Which part of the run it is of, and where that ran; empty where the run is whole.
    part: str = ""
    # When that part ended, in nanoseconds since 1970; 0 where the run is whole, or nobody knows.
    until: int = 0
    # Which try of the node it was, where a cluster runs one again whose worker was lost.
    attempt: int = 0
    # What it took of its machine, where that was looked at: megabytes at the most, seconds of
    # processors, and whether other nodes ran in its process too.
    memory_mb: float | None = None
    cpu_seconds: float | None = None
    shares_process: bool = False

    @property
    def end(self) -> int:
        """The end of its last load, run or save, in nanoseconds since 1970."""
        return max((span["t"] for span in self.spans), default=self.begin)

    @property
    def error(self) -> str | None:
        """The error that it ended with, if it is known."""
        return next((span["err"] for span in self.spans if "err" in span), None)

    def is_broken_off(self, interrupted: int) -> bool:
        """Whether it did not end, or ran when a signal came (in nanoseconds since 1970)."""
        return not self.is_complete() or self.begin <= interrupted <= self.end

    def is_complete(self) -> bool:
        """Whether it ran, and each of its outputs was saved."""
        done = {(span["kind"], span["n"]) for span in self.spans if "err" not in span}
        return any(kind == "run" for kind, _ in done) and all(
            ("save", output) in done for output in self.outputs
        )

    def as_json(self) -> dict[str, Any]:
        """Return it JSON-ready, for `from_json`."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "NodeTimes":
        """Return what `as_json` returned as an object.

        Raises:
            TypeError: a newer layer has written it, which knows more of a node.
        """
        return cls(
            **{**content, "outputs": tuple(content["outputs"]), "inputs": tuple(content["inputs"])}
        )
