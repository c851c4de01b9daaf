"""A maker of files, good and hostile; nothing binary is stored."""

from pathlib import Path

import pytest

from tests.support.files import Maker


@pytest.fixture
def make(tmp_path: Path) -> Maker:
    """A maker of files."""
    return Maker(tmp_path)
