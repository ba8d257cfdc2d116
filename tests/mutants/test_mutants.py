"""The table of the core holds, and a module is evaluated as the page on tests says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.mutants.__main__ import ROOT, equivalent, row_of
from tests.mutants.modules import MODULES
from tests.mutants.read import Mutant, Unfinished, mutants

CODE = """
def x_limit__mutmut_orig(count):
    if count > 3:
        raise ValueError("There are too many.")
    return "few"

def x_limit__mutmut_1(count):
    if count >= 3:
        raise ValueError("There are too many.")
    return "few"

def x_limit__mutmut_2(count):
    if count > 3:
        raise ValueError("XXThere are too many.XX")
    return "few"

def x_limit__mutmut_3(count):
    if count > 3:
        raise ValueError("There are too many.")
    return "FEW"
"""


def test_the_table_names_what_there_is() -> None:
    for module in MODULES:
        assert (ROOT / module.path).is_file(), module.path
        assert module.tests
        assert all((ROOT / path).is_file() for path in module.tests), module.path
    assert equivalent().keys() <= {module.path for module in MODULES}


def _left_by_mutmut(folder: Path, *codes: int | None) -> Path:
    (folder / "mutants").mkdir()
    (folder / "mutants" / "a.py").write_text(CODE)
    names = {f"a.x_limit__mutmut_{number}": code for number, code in enumerate(codes, 1)}
    (folder / "mutants" / "a.py.meta").write_text(json.dumps({"exit_code_by_key": names}))
    return folder


def test_mutants_are_named_by_what_they_change(tmp_path: Path) -> None:
    assert mutants(_left_by_mutmut(tmp_path, 0, 33, 1), "a.py") == [
        Mutant("limit: if count > 3: => if count >= 3:", survived=True, wording=False),
        Mutant(
            "limit: raise ValueError('There are too many.') => raise ValueError('XXThere are too many.XX')",
            survived=True,
            wording=True,
        ),
        Mutant("limit: return 'few' => return 'FEW'", survived=False, wording=False),
    ]


@pytest.mark.parametrize("code", [None, 2, 35])
def test_a_mutant_that_was_not_evaluated_is_no_mutant_that_was_noticed(tmp_path: Path, code: int | None) -> None:
    with pytest.raises(Unfinished):
        mutants(_left_by_mutmut(tmp_path, 1, 1, code), "a.py")


def test_how_a_module_is_evaluated() -> None:
    mutants = [Mutant(f"noticed {n}", survived=False, wording=False) for n in range(8)]
    mutants += [Mutant(name, survived=True, wording=False) for name in ("left", "the same")]
    mutants += [Mutant("worded", survived=True, wording=True)]
    row = row_of(mutants, {"the same": "It does the same.", "noticed 1": "It was thought to do the same."})
    assert row == {
        "killed": 8,
        "survived": 1,
        "equivalent": 1,
        "share": 0.8889,
        "survivors": ["left"],
        "stale": ["noticed 1"],
    }
    assert row_of([], {})["share"] == 1
