"""What a voter meets on the way, in each language, scheme and size: axe finds nothing, and keys are enough.

Pages as they are first seen are looked at by test_page_access.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from integration.page_access import AXE, LANGUAGES, NO_AXE, look, look_at
from integration.page_world import SendingWallet, Stand, opened, served
from integration.test_call_page import called
from integration.test_delegation_page import FRIEND
from integration.test_proposal_page import proposed, read_index
from support.browser import SKIP_REASON, Wallet, find_chromium
from tribune.ballots.delegating.relay import DelegationRelay
from tribune.ballots.linking import WalletLinks
from tribune.settings import RelaySettings

if TYPE_CHECKING:
    from playwright.async_api import Page

    from tribune.ballots.holders.opening import CallOpener

__all__ = ["called"]

USER = 80351110224678912
pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.chromium,
    pytest.mark.skipif(find_chromium() is None, reason=SKIP_REASON),
    pytest.mark.skipif(not AXE.is_file(), reason=NO_AXE),
]
in_each_language = pytest.mark.parametrize("language", LANGUAGES)


async def begun(page: Page, where: str = "#sign") -> None:
    """Choose the wallet, and wait until something can be done with it."""
    from playwright.async_api import expect

    await page.locator("#wallets button").click()
    await expect(page.locator(where)).to_be_enabled()


async def said(page: Page, where: str = "#status") -> None:
    """Wait until the page says something there."""
    await page.wait_for_function("where => document.querySelector(where).textContent !== ''", arg=where)


@in_each_language
async def test_ballot__wallet_refusal_payment_and_count__nothing_found(stand: Stand, language: str) -> None:
    from playwright.async_api import expect

    wallet = SendingWallet(stand.voting.holders[2], chain=stand.voting.chain)
    async with (
        served(stand.store, stand.contracts, stand.voting.folder, limits=RelaySettings(per_day=0)) as url,
        opened(stand.browser, f"{url}/b/1", wallet, locale=language, bypass_csp=True) as page,
    ):
        await begun(page)
        await look_at(page, "ballot-wallet", language)
        await page.locator("input[name=support]").first.check()
        await page.locator("#sign").click()
        await said(page, "#error")
        await look_at(page, "ballot-no-budget", language)
        wallet.may_answer.clear()
        await page.locator("#send").click()
        await said(page)
        await look_at(page, "ballot-pays", language)
        wallet.may_answer.set()
        await expect(page.locator("#receipt")).to_be_visible()
        await look_at(page, "ballot-counted", language)


@in_each_language
async def test_ballot__no_votes__nothing_found_and_is_read_aloud(stand: Stand, language: str) -> None:
    from playwright.async_api import expect

    none = Wallet(stand.voting.chain.steward)
    async with stand.opened("/b/1", none, locale=language, bypass_csp=True) as page:
        await page.locator("#wallets button").click()
        words = "This wallet had no votes" if language == "en" else "Diese Wallet hatte keine Stimmen"
        await expect(page.get_by_role("alert")).to_contain_text(words)
        await expect(page.locator("a[href='/delegate']").last).to_be_visible()
        await look_at(page, "ballot-no-votes", language)


@in_each_language
async def test_ballot__wallet_on_another_chain__nothing_found(stand: Stand, language: str) -> None:
    wallet = Wallet(stand.voting.holders[2], chain_id=1, known_chains=(1,))
    async with stand.opened("/b/1", wallet, locale=language, bypass_csp=True) as page:
        await page.locator("#wallets button").click()
        await said(page, "#error")
        await look_at(page, "ballot-other-chain", language)


async def test_ballot__not_opened_and_pending__nothing_found(unopened: Stand) -> None:
    await look(unopened, f"{unopened.url}/b/1", "ballot-not-opened")
    unopened.voting.chain.send(unopened.voting.governor.functions.openCase(1))
    await look(unopened, f"{unopened.url}/b/1", "ballot-pending")


async def test_ballot__failed_or_overtaken__nothing_found(stand: Stand) -> None:
    from support.voting import decided_otherwise

    chain = stand.voting.chain
    with chain.undone():
        chain.warp(700)
        await look(stand, f"{stand.url}/b/1", "ballot-failed")
    decided_otherwise(chain)
    await look(stand, f"{stand.url}/b/1", "ballot-overtaken")


async def test_proposal__over__nothing_found(stand: Stand) -> None:
    await proposed(stand)
    stand.voting.chain.warp(400 * 24 * 3600)
    await read_index(stand)
    await look(stand, f"{stand.url}/p/1", "proposal-over")


@in_each_language
async def test_link__signed_and_spent__nothing_found(stand: Stand, language: str) -> None:
    from playwright.async_api import expect

    invite = await WalletLinks(stand.store, stand.contracts.chain, stand.url).invite(USER)
    wallet = Wallet(stand.voting.holders[0])
    async with opened(stand.browser, invite.url, wallet, locale=language, bypass_csp=True) as page:
        await begun(page)
        await page.locator("#sign").click()
        await expect(page.locator("#status")).to_contain_text(wallet.address)
        await look_at(page, "link-signed", language)
        await page.reload()
        await expect(page.locator("#status")).to_have_count(0)
        await look_at(page, "link-spent", language)


async def test_errors__nothing_there__nothing_found(stand: Stand) -> None:
    for path, name in (("/b/x", "case"), ("/p/99", "proposal"), ("/p/draft/zz", "draft"), ("/c/99", "call")):
        await look(stand, f"{stand.url}{path}", f"error-{name}")


async def test_errors__chain_away__nothing_found(stand: Stand) -> None:
    node = stand.voting.chain.anvil
    await stand.contracts.token()
    node.pause()
    try:
        await look(stand, f"{stand.url}/b/1", "error-no-chain")
    finally:
        node.unpause()


@in_each_language
async def test_delegation__signed__nothing_found(stand: Stand, language: str) -> None:
    wallet = Wallet(stand.voting.holders[3])
    relay = DelegationRelay(stand.store, stand.contracts, stand.relay._sender)
    path = f"/delegate?to={FRIEND}"
    async with stand.opened(path, wallet, locale=language, bypass_csp=True) as page:
        await begun(page)
        await look_at(page, "delegate-wallet", language)
        await page.locator("#sign").click()
        await said(page)
        for _ in range(100):
            await relay.relay_all()
            if await page.locator("#choice").is_enabled():
                break
            await page.wait_for_timeout(100)
        await look_at(page, "delegate-done", language)


@in_each_language
async def test_call__signed__nothing_found(stand: Stand, called: CallOpener, language: str) -> None:
    async with stand.opened(
        "/c/1", Wallet(stand.voting.holders[3]), locale=language, bypass_csp=True
    ) as page:
        await begun(page)
        await look_at(page, "call-wallet", language)
        await page.locator("#sign").click()
        await page.wait_for_function("document.querySelector('#sign').disabled")
        await said(page)
        await look_at(page, "call-signed", language)


async def test_call__over__nothing_found(stand: Stand, called: CallOpener) -> None:
    stand.voting.chain.warp(400 * 24 * 3600)
    await look(stand, f"{stand.url}/c/1", "call-over")
