"""The first page, and what stands around every page: from the index, beside the newest block."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import httpx

from support.index import happened, put, read_chain, registered
from tribune.store.session import Store

if TYPE_CHECKING:
    from support.voting import Voting

HTML = {"accept": "text/html"}


async def shown(client: httpx.AsyncClient, address: str = "/") -> str:
    """Return a page, on one line."""
    answer = await client.get(address, headers=HTML)
    assert answer.status_code == 200
    return " ".join(answer.text.split())


async def test_overview__a_vote_is_open__lists_it_and_the_model(
    client: httpx.AsyncClient, voting: Voting, store: Store
) -> None:
    await read_chain(voting.chain, store)
    text = await shown(client)
    assert '<a href="/b/1">acs-employment v1, case 1</a>' in text
    assert "it broke a rule" in text
    assert "■ Suspended</span> until <time" in text
    assert "✗ Broke a rule</span>" in text
    assert "Up to date" in text


async def test_banner__a_model_is_stopped__on_other_pages_too(
    client: httpx.AsyncClient, voting: Voting, store: Store
) -> None:
    assert "is stopped:" not in await shown(client, "/delegate")
    await read_chain(voting.chain, store)
    assert '1 model is stopped:</strong> <a href="/m/1">acs-employment</a>' in await shown(
        client, "/delegate"
    )


async def test_banner__all_halted__says_so(client: httpx.AsyncClient, voting: Voting, store: Store) -> None:
    switch = voting.chain.contracts["KillSwitch"].functions
    voting.chain.as_timelock(switch.halt(voting.chain.now + 3600))
    await read_chain(voting.chain, store)
    assert "All models are halted until <time" in await shown(client)
    voting.chain.as_timelock(switch.halt(2**48 - 1))
    await read_chain(voting.chain, store)
    assert "All models are halted." in await shown(client)


async def test_banner__index_behind__every_page_says_so(
    client: httpx.AsyncClient, voting: Voting, store: Store
) -> None:
    await read_chain(voting.chain, store)
    voting.chain.rpc("anvil_mine", hex(30))
    for address in ("/", "/delegate"):
        text = await shown(client, address)
        assert "These pages are 30 blocks behind the chain" in text
        assert "30 blocks behind." in text


async def test_overview__chain_not_seen__answers_and_says_so(
    blind_client: httpx.AsyncClient, store: Store
) -> None:
    await store.run(put, registered(1, "credit"))
    text = await shown(blind_client)
    assert '<a href="/m/1">credit</a>' in text
    assert "The chain cannot be seen now" in text


async def test_overview__nothing_read__says_so(blind_client: httpx.AsyncClient) -> None:
    assert "Nothing has been read from the chain yet." in await shown(blind_client)


async def test_overview__many_models__pages_and_search(blind_client: httpx.AsyncClient, store: Store) -> None:
    await store.run(put, *(registered(i, f"model {i}") for i in range(1, 121)))
    first, last = await shown(blind_client), await shown(blind_client, "/?page=99")
    assert re.findall(r'href="/m/(\d+)"', first) == [str(i) for i in range(120, 70, -1)]
    assert "Page 1 of 3" in first
    assert 'rel="next" href="?page=2"' in first
    assert re.findall(r'href="/m/(\d+)"', last) == [str(i) for i in range(20, 0, -1)]
    sought = await shown(blind_client, "/?q=model%2077&lang=en")
    assert re.findall(r'href="/m/(\d+)"', sought) == ["77"]
    assert 'href="?q=model+77&amp;lang=de"' in sought or 'href="?q=model%2077&amp;lang=de"' in sought
    assert "No model is like that." in await shown(blind_client, "/?show=stopped")


async def test_overview__odd_questions__are_answered(blind_client: httpx.AsyncClient, store: Store) -> None:
    await store.run(put, registered(1, ""), happened("HaltChanged", previous=0, current=1))
    for odd in (
        "?page=0",
        "?page=-1",
        "?page=x",
        "?page=" + "9" * 400,
        "?show=<b>",
        "?q=" + "%00%3Cb%3E" * 99,
    ):
        text = await shown(blind_client, f"/{odd}")
        assert "<b>" not in text
