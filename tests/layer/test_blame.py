"""An update that can't come in says whether the release or the owner's edits are the cause."""

from __future__ import annotations

import pytest

from tests.layer.rig import TEXT, Project, Repository, changed, contents

# As the real one, but for what it does with the layer.
SELF_TEST = """\
import importlib, sys, types
SKIPPED = 3
if __name__ == "__main__":
    parent = sys.modules[sys.argv[1]] = types.ModuleType(sys.argv[1])
    parent.__path__ = sys.argv[2:4]
    importlib.import_module(f"{parent.__name__}.tracking.hooks")
"""
BROKEN = TEXT.replace("line_3 = 3", "raise RuntimeError('broken')")
MERGED_AND_MINE = (
    "the merged layer fails its self-test, and the release alone passes it: your edits in "
    "hooks.py, own.py are the cause. Mend them first, or bring the layer in with --no-self-test"
)
RELEASED = (
    "the layer fails its self-test, and the release alone does so too, so that your edits are not "
    "the cause: report it to the layer's maintainer"
)


@pytest.mark.parametrize("whose", ["mine", "released", "released, no edits"])
def test_self_test_that_fails_says_whose_fault_it_is(
    mine: Project, repository: Repository, whose: str
) -> None:
    if whose != "released, no edits":
        mine.edit({"hooks.py": BROKEN if whose == "mine" else changed(9, by="mine"), "own.py": ""})
    new = changed(20, by="new", text=TEXT if whose == "mine" else BROKEN)
    repository.release("0.2.0", {"layer/self_test.py": SELF_TEST, "hooks.py": new})
    before = contents(mine.folder)
    code, said = mine.update(self_test=True)
    assert code == 2
    assert (MERGED_AND_MINE if whose == "mine" else RELEASED) in said
    assert "RuntimeError: broken" in said
    assert contents(mine.folder) == before
    assert not list(mine.folder.parent.glob(".layer-update-*"))


@pytest.mark.slow
def test_release_that_is_no_python_is_not_the_owners_fault(
    mine: Project, repository: Repository
) -> None:
    repository.release("0.2.0", {"export.py": "def f(:\n"})
    code, said = mine.update()
    assert code == 2
    assert "the new export.py is no Python" in said
    assert "it is as it was released: report it, or choose another version with --to" in said
