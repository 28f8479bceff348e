"""docs/api.md: its addresses answer, and the description beside it is the code's."""

from __future__ import annotations

import re

import httpx
import pytest

from scripts import openapi
from support.anvil import ROOT

PAGE = (ROOT / "docs" / "api.md").read_text("utf-8")
ADDRESSES = re.findall(r"^\$ curl '(https://dao\.example/\S+)'$", PAGE, re.MULTILINE)


@pytest.mark.parametrize("address", ADDRESSES)
async def test_page__address__answers(client: httpx.AsyncClient, address: str) -> None:
    assert (await client.get(address)).status_code == 200


async def test_page__all_that_there_is__is_shown(client: httpx.AsyncClient) -> None:
    described = set((await client.get("/openapi.json")).json()["paths"])
    assert len(ADDRESSES) == len(described)
    assert all(f"`{path}`" in PAGE for path in described)


def test_description__of_the_page__is_the_codes() -> None:
    assert openapi.FILE.read_text("utf-8") == openapi.written()
