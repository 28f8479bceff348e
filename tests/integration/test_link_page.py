"""The page of a link in real Chromium: a wallet signs, and is linked to the Discord user who asked."""

from __future__ import annotations

import pytest

from integration.page_world import PICTURES, Stand, choose_wallet, opened
from support.browser import PHONE, SKIP_REASON, Wallet, find_chromium
from tribune.ballots.linking import WalletLinks
from tribune.store.queries import wallets_of

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.chromium,
    pytest.mark.skipif(find_chromium() is None, reason=SKIP_REASON),
]

USER = 80351110224678912


async def test_link_page__signed__links_the_wallet(stand: Stand) -> None:
    from playwright.async_api import expect

    wallet = Wallet(stand.voting.holders[0])
    invite = await WalletLinks(stand.store, stand.contracts.chain, stand.url).invite(USER)
    async with opened(stand.browser, invite.url, wallet, size=PHONE) as page:
        await choose_wallet(page)
        await page.get_by_role("button", name="Sign and link").click()
        await expect(page.locator("#status")).to_contain_text(f"Linked {wallet.account.address}")
        await page.screenshot(path=PICTURES / "link-phone.png", full_page=True)
    assert await stand.store.read(wallets_of, USER) == [wallet.account.address]


async def test_link_page__contract_wallet__is_linked(stand: Stand) -> None:
    from playwright.async_api import expect

    links = WalletLinks(stand.store, stand.contracts.chain, stand.url)
    wallet = Wallet(stand.voting.holders[0], address=stand.safe)
    async with opened(stand.browser, (await links.invite(USER)).url, wallet) as page:
        await choose_wallet(page)
        await page.get_by_role("button", name="Sign and link").click()
        await expect(page.locator("#status")).to_contain_text(f"Linked {stand.safe}")
    assert await stand.store.read(wallets_of, USER) == [stand.safe]
