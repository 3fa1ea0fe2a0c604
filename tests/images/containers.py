"""The project that is built, and the verbs of the tests on containers of its image."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.harness.baked import explain

IMAGE = "localhost/my-iris"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
SECRET = "hunter-two-of-the-image"
# Where they lie on machines of developers; each has its own, so that a failure says which it was.
SECRETS = {
    name: f"password: {SECRET}-{number}\n"
    for number, name in enumerate(
        (
            *(".env", ".git/config", ".netrc", "notes.txt", "id_rsa", "key.pem"),
            *("conf/local/credentials.yml", "conf/local/mlflow.yml"),
            *("conf/base/credentials.yml", "conf/prod/credentials_aws.yml", "conf/prod/tls.key"),
            *("data/01_raw/customers.csv", "data/mlflow/model/model.pkl", "logs/info.log"),
            *("mlruns/sqlite.db", "mlruns/1/artifacts/model.pkl", "store.db"),
            *(".mlflow-journal/20260101T000000-0/run.json", "notebooks/first.ipynb"),
            *("src/.env.local", "src/my_iris/cache.db", "src/my_iris/.mlflow-journal/run.json"),
            "src/my_iris/mlruns/1/meta.yaml",
        )
    )
}
NODE = '''"""A pipeline that waits for its end, and is not of `kedro run` without a name."""

import time

from kedro.pipeline import Pipeline, node


def hold(parameters: dict) -> float:
    time.sleep(60)
    return 1.0


def create_pipeline() -> Pipeline:
    return Pipeline([node(hold, "parameters", "held", name="hold")])
'''
WAITING = {"src/my_iris/pipelines/waiting/__init__.py": NODE}


@dataclass(frozen=True)
class Docker:
    """Containers of an image.

    Args:
        program: `docker`.
        image: its name.
        root: the project, whose raw data each container can read.
        env: variables that each container gets.
    """

    program: Path
    image: str
    root: Path
    env: Mapping[str, str]

    def run(
        self, *command: str, options: tuple[str, ...] = (), env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a container to its end, whatever that is.

        Args:
            command: what follows the image.
            options: more of `docker run`.
            env: more variables.
        """
        variables = {**self.env, **(env or {})}
        words = [str(self.program), "run", "--rm", "--network=host", *options]
        words += [f"--env={name}={value}" for name, value in variables.items()]
        words += [f"--volume={self.root}/data/01_raw:/project/data/01_raw:ro"]
        return subprocess.run(
            [*words, self.image, *command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
        )

    def ask(self, *command: str) -> str:
        """Run a container that must succeed, and return what it printed."""
        done = self.run(*command)
        assert done.returncode == 0, explain(done)
        return done.stdout

    def tell(self, *words: str) -> str:
        """Do something with a container that was started by its name."""
        command = [str(self.program), *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, explain(done)
        return done.stdout

    def wait_for(self, name: str, text: str) -> None:
        """Wait until a container has said something."""
        deadline = time.monotonic() + 120
        while text not in (said := self.tell("logs", name)):
            assert time.monotonic() < deadline, said
            time.sleep(0.2)
