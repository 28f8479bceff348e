"""The API over a seeded index, asked in process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from tribune.store.session import Store, open_store
from unit.web.public.world import app_over, seed


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as opened:
        with opened.session() as session:
            seed(session)
        yield opened


@pytest.fixture
async def client(store: Store, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app_over(store, tmp_path))
    async with httpx.AsyncClient(transport=transport, base_url="https://dao.example/api/v1") as asked:
        yield asked
