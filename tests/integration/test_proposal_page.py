"""A draft and a proposal in real Chromium: a wallet proposes, others sign, the vote is counted."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from support.browser import DESKTOP, PHONE, SKIP_REASON, Wallet, find_chromium
from tribune.ballots.documents import Documents
from tribune.ballots.slow_lane.drafts import draft_monitor
from tribune.chain.facade import Tribune
from tribune.ids import Address
from tribune.sync.indexer import Indexer

if TYPE_CHECKING:
    from playwright.async_api import Page

    from integration.page_world import Stand

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.chromium,
    pytest.mark.skipif(find_chromium() is None, reason=SKIP_REASON),
]

ACCOUNT = Address("0x00000000000000000000000000000000DeaDBeef")


async def drafted(stand: Stand) -> str:
    """Make a draft as the bot does; return its page."""
    stand.voting.chain.warp(1)
    made = await draft_monitor(
        stand.store,
        stand.contracts,
        Documents([]),
        account=ACCOUNT,
        name="Observatory",
        uri="",
        admit=True,
        why="They are good.",
    )
    return f"/p/draft/{made.draft_id}"


async def indexed(stand: Stand) -> None:
    """Read the chain as the bot does, until cancelled."""
    index = Indexer.of(Tribune(stand.contracts.chain, stand.contracts.deployment), stand.store)
    while True:
        await index.catch_up()
        await asyncio.sleep(0.1)


async def proposed(stand: Stand) -> None:
    """Propose without the page, and let voting begin."""
    from support.proposing import Proposing

    proposing = Proposing(stand.voting.chain)
    proposing.propose([proposing.admit()], "Free beer")
    await read_index(stand)


async def read_index(stand: Stand) -> None:
    """Read the chain once."""
    await Indexer.of(Tribune(stand.contracts.chain, stand.contracts.deployment), stand.store).catch_up()


async def axis_fits(page: Page, size: dict[str, int]) -> bool:
    width: int = await page.evaluate("document.documentElement.scrollWidth")
    return width <= size["width"]


@pytest.mark.parametrize(("name", "size"), [("phone", PHONE), ("desktop", DESKTOP)])
async def test_draft_page__proposed_by_a_wallet__leads_to_the_proposals_page(
    stand: Stand, name: str, size: dict[str, int]
) -> None:
    from playwright.async_api import expect

    from integration.page_world import PICTURES, SendingWallet, choose_wallet

    wallet = SendingWallet(stand.voting.holders[0], chain=stand.voting.chain)
    index = asyncio.create_task(indexed(stand))
    try:
        async with stand.opened(await drafted(stand), wallet, size=size) as page:
            await expect(page.get_by_text("Tried on the chain just now: it works.")).to_be_visible()
            await choose_wallet(page)
            await expect(page.locator("#account")).to_contain_text("votes; 100 are needed")
            assert await axis_fits(page, size)
            PICTURES.mkdir(parents=True, exist_ok=True)
            await page.screenshot(path=PICTURES / f"draft-{name}.png", full_page=True)
            await page.get_by_role("button", name="Propose it").click()
            await page.wait_for_url("**/p/1")
            await expect(page.get_by_role("heading", level=1)).to_have_text("Admit the monitor Observatory")
    finally:
        index.cancel()
        with suppress(asyncio.CancelledError):
            await index


async def test_draft_page__wallet_with_too_few_votes__says_so_and_sends_nothing(stand: Stand) -> None:
    from playwright.async_api import expect

    from integration.page_world import SendingWallet, choose_wallet

    wallet = SendingWallet(stand.voting.chain.steward, chain=stand.voting.chain)
    async with stand.opened(await drafted(stand), wallet) as page:
        await choose_wallet(page)
        await expect(page.locator("#error")).to_contain_text("too few votes")
        await expect(page.get_by_role("button", name="Propose it")).to_be_disabled()
    assert "eth_sendTransaction" not in wallet.asked


@pytest.mark.parametrize(("name", "size"), [("phone", PHONE), ("desktop", DESKTOP)])
async def test_proposal_page__signed__counted_by_the_slow_lanes_governor(
    stand: Stand, name: str, size: dict[str, int]
) -> None:
    from playwright.async_api import expect

    from integration.page_world import PICTURES, vote_on_page

    await proposed(stand)
    async with stand.opened("/p/1", Wallet(stand.voting.holders[1]), size=size) as page:
        await expect(page.get_by_role("heading", level=1)).to_have_text("Admit the monitor Observatory")
        assert await axis_fits(page, size)
        await vote_on_page(page, "For", "They are good.")
        await stand.relay_until_counted(page)
        await expect(page.locator("#tally-for")).to_contain_text("250,000")
        PICTURES.mkdir(parents=True, exist_ok=True)
        await page.screenshot(path=PICTURES / f"proposal-{name}.png", full_page=True)
    governor = stand.voting.chain.contracts["OversightGovernor"].functions
    [made] = stand.voting.chain.contracts["OversightGovernor"].events.ProposalCreated().get_logs(from_block=0)
    assert governor.hasVoted(made["args"]["proposalId"], stand.voting.holders[1].address).call()


async def test_proposal_page__contract_wallet__counts_by_erc1271(stand: Stand) -> None:
    from integration.page_world import vote_on_page

    await proposed(stand)
    wallet = Wallet(stand.voting.holders[0], address=stand.safe)
    async with stand.opened("/p/1", wallet) as page:
        await vote_on_page(page, "Against")
        await stand.relay_until_counted(page)
