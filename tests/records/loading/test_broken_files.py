"""A broken file is refused with a sentence, or its rows are what it holds: never fewer, and never a traceback."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.records.loading import broken

# A quarter of what BROKEN_FILES=all tries.
CUTS, FLIPS = (50, 200) if os.environ.get("BROKEN_FILES") == "all" else (12, 50)


@pytest.mark.parametrize("name", broken.MAKERS)
@pytest.mark.filterwarnings("ignore")
def test_a_file_that_is_cut_or_has_a_flipped_bit(tmp_path: Path, name: str) -> None:
    tried = list(broken.outcomes(name, tmp_path, CUTS, FLIPS))
    assert tried
    assert [(done, fault) for done, fault in tried if fault] == []
