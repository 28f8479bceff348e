"""The page of holders' call in real Chromium: a person reads, a wallet signs, and the vote opens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from support.browser import DESKTOP, PHONE, SKIP_REASON, Wallet, find_chromium
from tribune.ballots.documents import Documents
from tribune.ballots.holders.beginning import begin_call, plan_call
from tribune.ballots.holders.documents import Harm
from tribune.ballots.holders.opening import CallOpener
from tribune.chain.enums import CaseKind
from tribune.ids import ModelId
from tribune.settings import RelaySettings
from tribune.sync.sender import Sender

if TYPE_CHECKING:
    from playwright.async_api import Page

    from integration.page_world import Stand

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.chromium,
    pytest.mark.skipif(find_chromium() is None, reason=SKIP_REASON),
]

HARM = Harm("It insults people.\nIt did so to three applicants this week.", ("https://news.example/insult",))


@pytest_asyncio.fixture(loop_scope="session")
async def called(stand: Stand) -> CallOpener:
    """A call under which holders of 18 % must sign; return who opens its vote."""
    voting, contracts = stand.voting, stand.contracts
    voting.chain.as_timelock(voting.governor.functions.setCallThreshold(180_000))
    plan = await plan_call(contracts, [voting.folder], CaseKind.HOLDER_PAUSE, ModelId(1), HARM)
    await begin_call(stand.store, contracts, Documents([voting.folder]), plan.cid)
    sender = Sender(contracts.chain, voting.chain.relayer, receipt_timeout_s=30)
    return CallOpener(stand.store, contracts, sender, RelaySettings(), finality_blocks=5)


async def sign_on_page(page: Page) -> None:
    from playwright.async_api import expect

    await page.get_by_role("button", name="Use ").click()
    await expect(page.locator("#sign")).to_be_enabled()
    await page.get_by_role("button", name="Sign this call").click()


@pytest.mark.parametrize(("name", "size"), [("phone", PHONE), ("desktop", DESKTOP)])
async def test_call_page__signed_and_reached__leads_to_the_vote(
    stand: Stand, called: CallOpener, name: str, size: dict[str, int]
) -> None:
    from playwright.async_api import expect

    from integration.page_world import PICTURES

    async with stand.opened("/c/1", Wallet(stand.voting.holders[0]), size=size) as page:
        await expect(page.get_by_role("heading", level=1)).to_have_text(
            "Shall holders vote on stopping acs-employment v1?"
        )
        await sign_on_page(page)
        await expect(page.locator("#status")).to_have_text("This wallet has signed.")
        await expect(page.locator("#account")).to_contain_text("399,000 votes (40 %)")
        await expect(page.locator("#progress")).to_contain_text("1 holder has signed: 40 % of all votes.")
        assert await page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        await page.screenshot(path=PICTURES / f"call-{name}.png", full_page=True)
        await called.look()
        await expect(page.locator("#state")).to_contain_text("Enough have signed: the vote is open.")
        vote = page.locator("#signing").get_by_role("link", name="To the vote")
        await expect(vote).to_be_visible()
        await vote.click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Stop acs-employment v1?")


async def test_call_page__by_keyboard_alone__signed(stand: Stand, called: CallOpener) -> None:
    from playwright.async_api import expect

    async with stand.opened("/c/1", Wallet(stand.voting.holders[4])) as page:
        await expect(page.get_by_role("button", name="Use Test Wallet")).to_be_visible()
        for label in ("Use Test Wallet", "Sign this call"):
            for _ in range(20):
                await page.keyboard.press("Tab")
                if await page.evaluate("document.activeElement?.textContent") == label:
                    break
            await page.keyboard.press("Enter")
            if label == "Use Test Wallet":
                await expect(page.locator("#sign")).to_be_enabled()
        await expect(page.locator("#status")).to_have_text("This wallet has signed.")
        await expect(page.locator("#status")).to_be_focused()


async def test_call_page__opened_again_after_signing__says_so(stand: Stand, called: CallOpener) -> None:
    from playwright.async_api import expect

    wallet = Wallet(stand.voting.holders[4])
    async with stand.opened("/c/1", wallet) as page:
        await sign_on_page(page)
        await expect(page.locator("#status")).to_have_text("This wallet has signed.")
        await page.reload()
        await page.get_by_role("button", name="Use ").click()
        await expect(page.locator("#status")).to_have_text("This wallet has signed.")
        await expect(page.locator("#sign")).to_be_disabled()


async def test_call_page__no_power__says_why_and_offers_nothing(stand: Stand, called: CallOpener) -> None:
    from playwright.async_api import expect

    async with stand.opened("/c/1", Wallet(stand.voting.chain.steward)) as page:
        await page.get_by_role("button", name="Use ").click()
        await expect(page.locator("#error")).to_contain_text("has no votes that count here")
        await expect(page.locator("#sign")).to_be_disabled()


async def test_call_page__declined__nothing_is_sent_and_may_be_tried_again(
    stand: Stand, called: CallOpener
) -> None:
    from playwright.async_api import expect

    wallet = Wallet(stand.voting.holders[4], declines=True)
    async with stand.opened("/c/1", wallet) as page:
        await sign_on_page(page)
        await expect(page.locator("#error")).to_have_text("You declined in your wallet. Nothing was sent.")
        await expect(page.locator("#sign")).to_be_enabled()
        await expect(page.locator("#progress")).to_contain_text("0 holders have signed")


async def test_call_page__wallet_on_another_chain__is_switched_before_it_signs(
    stand: Stand, called: CallOpener
) -> None:
    from playwright.async_api import expect

    wallet = Wallet(stand.voting.holders[4], chain_id=1)
    async with stand.opened("/c/1", wallet) as page:
        await sign_on_page(page)
        await expect(page.locator("#status")).to_have_text("This wallet has signed.")
    assert wallet.asked.index("wallet_switchEthereumChain") < wallet.asked.index("eth_signTypedData_v4")


async def test_call_page__without_a_script__can_be_read_and_says_how_to_sign(
    stand: Stand, called: CallOpener
) -> None:
    from playwright.async_api import expect

    async with stand.opened("/c/1", java_script_enabled=False) as page:
        await expect(page.get_by_text("It did so to three applicants this week.")).to_be_visible()
        await expect(page.get_by_text("You can sign without it: see below.")).to_be_visible()
        await expect(page.get_by_role("button", name="Sign this call")).to_be_hidden()
        await page.get_by_text("Sign without this page").click()
        await expect(page.get_by_role("link", name="/api/calls/1")).to_be_visible()
