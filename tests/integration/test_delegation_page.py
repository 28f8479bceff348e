"""The delegation page in real Chromium: signed and relayed, sent by the wallet, by keyboard, on a phone."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from integration.page_world import SendingWallet
from support.browser import DESKTOP, PHONE, SKIP_REASON, Wallet, find_chromium
from tribune.ballots.delegating.relay import DelegationRelay

if TYPE_CHECKING:
    from playwright.async_api import Page

    from integration.page_world import Stand

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.skipif(find_chromium() is None, reason=SKIP_REASON),
    pytest.mark.asyncio(loop_scope="session"),
]

FRIEND = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"


def delegate_of(stand: Stand, place: int) -> str:
    holder = stand.voting.holders[place].address
    found: str = stand.voting.chain.contracts["TribuneToken"].functions.delegates(holder).call()
    return found


async def until_done(stand: Stand, page: Page) -> str:
    """Relay as the bot does until the page says that it is done."""
    relay = DelegationRelay(stand.store, stand.contracts, stand.relay._sender)
    for _ in range(200):
        await relay.relay_all()
        said = await page.text_content("#status") or ""
        if said.startswith("Done."):
            return said
        await asyncio.sleep(0.1)
    raise AssertionError(f"the page never said that it was done: {await page.text_content('main')}")


@pytest.mark.parametrize(("name", "size"), [("phone", PHONE), ("desktop", DESKTOP)])
async def test_delegation_page__signed__counts_and_says_so(
    stand: Stand,
    name: str,
    size: dict[str, int],
) -> None:
    from playwright.async_api import expect

    from integration.page_world import PICTURES

    wallet = Wallet(stand.voting.holders[3])
    async with stand.opened("/delegate", wallet, size=size) as page:
        await page.get_by_role("button", name="Use ").click()
        await expect(page.locator("#standing")).to_have_text(
            "Its 100,000 tokens are delegated to itself: it votes with them."
        )
        await page.get_by_label("Address of that person").fill(FRIEND)
        await expect(page.get_by_label("Somebody I trust")).to_be_checked()
        await page.get_by_role("button", name="Sign, free of charge").click()
        said = await until_done(stand, page)
        width = await page.evaluate("document.documentElement.scrollWidth")
        assert width <= size["width"]
        PICTURES.mkdir(parents=True, exist_ok=True)
        await page.screenshot(path=PICTURES / f"delegate-{name}.png", full_page=True)
    assert f"delegated to {FRIEND}" in said
    assert delegate_of(stand, 3) == FRIEND
    assert "eth_sendTransaction" not in wallet.asked


async def test_delegation_page__by_keyboard_to_oneself__counts(stand: Stand) -> None:
    from playwright.async_api import expect

    async with stand.opened("/delegate", Wallet(stand.voting.holders[0])) as page:
        await expect(page.get_by_role("button", name="Use ")).to_be_visible()
        await press_until(page, "Use Test Wallet")
        await page.keyboard.press("Enter")
        await expect(page.locator("#choice")).to_be_enabled()
        await press_until(page, "Sign, free of charge")
        await page.keyboard.press("Enter")
        assert "delegated to itself" in await until_done(stand, page)


async def press_until(page: Page, label: str) -> None:
    """Move on with the tabulator key until what has this label has the focus."""
    for _ in range(30):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.textContent") == label:
            return
    raise AssertionError(f"{label!r} is never reached")


async def test_delegation_page__sent_by_the_wallet__needs_no_relay(stand: Stand) -> None:
    chain = stand.voting.chain
    wallet = SendingWallet(stand.voting.holders[1], chain=chain)
    async with stand.opened(f"/delegate?to={FRIEND}", wallet) as page:
        await page.get_by_role("button", name="Use ").click()
        await page.get_by_role("button", name="Send it myself").click()
        await until_done(stand, page)
    assert delegate_of(stand, 1) == FRIEND
    assert "eth_signTypedData_v4" not in wallet.asked


async def test_delegation_page__no_address_or_declined__says_so_and_sends_nothing(
    stand: Stand,
) -> None:
    from playwright.async_api import expect

    wallet = Wallet(stand.voting.holders[2], declines=True)
    async with stand.opened("/delegate", wallet) as page:
        await page.get_by_role("button", name="Use ").click()
        await page.get_by_label("Address of that person").fill("vitalik.eth")
        await page.get_by_role("button", name="Sign, free of charge").click()
        await expect(page.locator("#error")).to_contain_text("This is not an address.")
        await page.get_by_label("Address of that person").fill(FRIEND)
        await page.get_by_role("button", name="Sign, free of charge").click()
        await expect(page.locator("#error")).to_contain_text("You declined in your wallet.")
        await expect(page.locator("#choice")).to_be_enabled()
    assert delegate_of(stand, 2) == stand.voting.holders[2].address
