"""Modules that run when something in them is asked for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness.baked import BakedProject

START = """
import sys, threading
from {package}.tracking.store.late_modules import LateFinder, defined_in, late_name
finder = LateFinder(
    families=["attic", "barn"],
    answers={{
        "attic": defined_in("attic.box", "Box", Chest="Box"),
        "attic.heavy": late_name("attic.heavy", "Heavy"),
        "attic.rare": late_name("attic.hidden.rare", "Base"),
        "attic.wing.big": late_name("attic.wing.big", "Big"),
    }},
    then={{"attic.box": lambda module: print("then", module.__name__)}},
)
sys.meta_path.insert(0, finder)
"""
FILES = {
    "attic/__init__.py": "print('attic runs')\nfrom .box import Box\nfrom . import lamp\n",
    "attic/box.py": "class Box: pass\n",
    "attic/lamp.py": "import attic\n",
    "attic/heavy.py": "print('heavy runs')\nclass Heavy:\n    size = 7\n",
    "attic/rare/__init__.py": "",
    "attic/hidden/__init__.py": "",
    "attic/hidden/rare.py": "print('rare runs')\nclass Base:\n    size = 3\n",
    "attic/wing/__init__.py": "print('wing runs')\nfrom . import big\n",
    "attic/wing/big.py": "print('big runs')\nclass Big:\n    size = 9\n",
    "barn/__init__.py": "import time\ntime.sleep(0.3)\nprint('barn runs')\nfrom .hay import bale\n",
    "barn/hay.py": "import barn\nbale = 5\n",
    "attic/broken/__init__.py": "import attic.trap\nlate = 1\n",
    "attic/trap.py": "import sys\nif not hasattr(sys, 'repaired'): raise OSError('broken')\n",
}
CASES = {
    "a module is imported without its package": (
        "import attic.box\nprint(attic.box.Box.__name__)",
        ["then attic.box", "Box"],
    ),
    "a package runs once for a name that it has": (
        "import attic.box\nprint(attic.lamp.attic is attic)\nfrom attic import lamp",
        ["then attic.box", "attic runs", "True"],
    ),
    "a package does not run for a name that is answered": (
        "from attic import Box, Chest\nprint(Box is Chest)",
        ["then attic.box", "True"],
    ),
    "a name that is in no package is missing": (
        "import attic\nprint(hasattr(attic, 'nothing'))\n",
        ["attic runs", "then attic.box", "False"],
    ),
    "a late name is the class once it is used": (
        "from attic.heavy import Heavy\nprint('before')\nprint(Heavy.size, Heavy().size)\n"
        "import attic.heavy\nprint(isinstance(attic.heavy.Heavy(), Heavy))",
        ["before", "heavy runs", "7 7", "True"],
    ),
    "nothing is an instance of a late name that does not exist yet": (
        "from attic.heavy import Heavy\n"
        "print(isinstance(1, Heavy), issubclass(int, Heavy), dict[str, Heavy | None] is None)\n"
        "print(Heavy.__name__, Heavy.__module__)",
        ["False False False", "Heavy attic.heavy"],
    ),
    "a late name of a module that nobody has imported": (
        "import attic.rare\nprint('before')\nprint(attic.rare.Base.size)",
        ["before", "rare runs", "3"],
    ),
    "a module in a package that runs is late still": (
        "import attic.heavy\nimport attic.wing\nprint(attic.wing.big.Big.__name__)\n"
        "print(attic.wing.big.Big.size)",
        ["wing runs", "Big", "big runs", "9"],
    ),
    "threads that ask at once wait for the one that runs it": (
        "import barn\nfound = []\n"
        "threads = [threading.Thread(target=lambda: found.append(barn.bale)) for _ in range(8)]\n"
        "for one in threads: one.start()\n"
        "for one in threads: one.join()\nprint(found)",
        ["barn runs", "[5, 5, 5, 5, 5, 5, 5, 5]"],
    ),
    "a package that failed is run again": (
        "import attic.broken\n"
        "try: attic.broken.late\n"
        "except OSError as error: print(error)\n"
        "sys.repaired = True\nprint(attic.broken.late)",
        ["broken", "1"],
    ),
    "all that waits runs in the end, and nothing waits any more": (
        "sys.repaired = True\nimport attic.box\nfinder.run_all()\n"
        "print('lamp' in vars(attic))\nimport attic.broken\n"
        "print(vars(attic.broken)['late'])",
        ["then attic.box", "attic runs", "True", "1"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_late_modules(baked: BakedProject, tmp_path: Path, case: str) -> None:
    code, expected = CASES[case]
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    done = subprocess.run(
        [sys.executable, "-c", START.format(package=baked.package) + code],
        cwd=tmp_path,
        env={"PYTHONPATH": f"{baked.root / 'src'}:{tmp_path}", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == expected
