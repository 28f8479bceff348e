"""A job table in a real database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tribune.store.session import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(f"sqlite:///{tmp_path / 'monitor.db'}") as store:
        yield store
