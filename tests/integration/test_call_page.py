"""The page of holders' call in real Chromium: a person reads, a wallet signs, and the vote opens."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from integration.page_world import PICTURES, opened, served
from support.anvil import ROOT, Anvil, find_binary
from support.browser import DESKTOP, PHONE, SKIP_REASON, Wallet, chromium, find_chromium
from tribune.ballots.contracts import VoteContracts
from tribune.ballots.documents import Documents
from tribune.ballots.holders.beginning import begin_call, plan_call
from tribune.ballots.holders.documents import Harm
from tribune.ballots.holders.opening import CallOpener
from tribune.chain.client import Chain
from tribune.chain.deployments import load_deployment
from tribune.chain.enums import CaseKind
from tribune.ids import CaseId, ModelId, ProposalId
from tribune.settings import RelaySettings
from tribune.store.session import Store, open_store
from tribune.sync.sender import Sender

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

    from support.voting import Voting

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.chromium,
    pytest.mark.skipif(find_chromium() is None, reason=SKIP_REASON),
]

HARM = Harm("It insults people.\nIt did so to three applicants this week.", ("https://news.example/insult",))


@dataclass
class Stand:
    """A model in service, a call of which 18 % must sign, its pages on a port, and who opens calls."""

    voting: Voting
    store: Store
    opener: CallOpener
    url: str
    browser: Browser


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Voting]:
    if find_binary() is None or not (ROOT / ".build" / "__local__.json").exists():
        pytest.skip("anvil or the compiled contracts are missing: run `make setup`")
    from support.voting import Voting, open_model, slow_chain

    with Anvil.start() as anvil:
        chain, folder = slow_chain(anvil), tmp_path_factory.mktemp("evidence")
        open_model(chain, folder)
        chain.as_timelock(chain.contracts["PauseGovernor"].functions.setCallThreshold(180_000))
        chain.warp(2)
        yield Voting(chain, folder, CaseId(0), ProposalId(0))


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as started:
        yield started


@pytest_asyncio.fixture(loop_scope="module")
async def stand(deployed: Voting, browser: Browser, tmp_path: Path) -> AsyncIterator[Stand]:
    snapshot = deployed.chain.rpc("evm_snapshot")
    deployed.chain.write_record(tmp_path)
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as store:
        async with Chain(deployed.chain.anvil.http_url, chain_id=31337, timeout_s=5) as chain:
            contracts = VoteContracts(chain, load_deployment(tmp_path, 31337))
            sender = Sender(chain, deployed.chain.relayer, receipt_timeout_s=30)
            opener = CallOpener(store, contracts, sender, RelaySettings(), finality_blocks=5)
            stop = CaseKind.HOLDER_PAUSE
            plan = await plan_call(contracts, [deployed.folder], stop, ModelId(1), HARM)
            await begin_call(store, contracts, Documents([deployed.folder]), plan.cid)
            async with served(store, contracts, deployed.folder) as url:
                yield Stand(deployed, store, opener, url, browser)
    assert deployed.chain.rpc("evm_revert", snapshot)


async def sign_on_page(page: Page) -> None:
    from playwright.async_api import expect

    await page.get_by_role("button", name="Use ").click()
    await expect(page.locator("#sign")).to_be_enabled()
    await page.get_by_role("button", name="Sign this call").click()


@pytest.mark.parametrize(("name", "size"), [("phone", PHONE), ("desktop", DESKTOP)])
async def test_call_page__signed_and_reached__leads_to_the_vote(
    stand: Stand, name: str, size: dict[str, int]
) -> None:
    from playwright.async_api import expect

    async with opened(stand.browser, f"{stand.url}/c/1", Wallet(stand.voting.holders[0]), size=size) as page:
        await expect(page.get_by_role("heading", level=1)).to_have_text(
            "Shall holders vote on stopping acs-employment v1?"
        )
        await sign_on_page(page)
        await expect(page.locator("#status")).to_have_text("This wallet has signed.")
        await expect(page.locator("#account")).to_contain_text("400,000 votes (40 %)")
        await expect(page.locator("#progress")).to_contain_text("1 holder has signed: 40 % of all votes.")
        assert await page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        await page.screenshot(path=PICTURES / f"call-{name}.png", full_page=True)
        await stand.opener.look()
        vote = page.get_by_role("link", name="To the vote")
        await expect(vote).to_be_visible()
        await vote.click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Stop acs-employment v1?")


async def test_call_page__by_keyboard_alone__signed(stand: Stand) -> None:
    from playwright.async_api import expect

    async with opened(stand.browser, f"{stand.url}/c/1", Wallet(stand.voting.holders[4])) as page:
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


async def test_call_page__opened_again_after_signing__says_so(stand: Stand) -> None:
    from playwright.async_api import expect

    wallet = Wallet(stand.voting.holders[4])
    async with opened(stand.browser, f"{stand.url}/c/1", wallet) as page:
        await sign_on_page(page)
        await expect(page.locator("#status")).to_have_text("This wallet has signed.")
        await page.reload()
        await page.get_by_role("button", name="Use ").click()
        await expect(page.locator("#status")).to_have_text("This wallet has signed.")
        await expect(page.locator("#sign")).to_be_disabled()


async def test_call_page__no_power__says_why_and_offers_nothing(stand: Stand) -> None:
    from playwright.async_api import expect

    async with opened(stand.browser, f"{stand.url}/c/1", Wallet(stand.voting.chain.steward)) as page:
        await page.get_by_role("button", name="Use ").click()
        await expect(page.locator("#error")).to_contain_text("has no votes that count here")
        await expect(page.locator("#sign")).to_be_disabled()


async def test_call_page__declined__nothing_is_sent_and_may_be_tried_again(stand: Stand) -> None:
    from playwright.async_api import expect

    wallet = Wallet(stand.voting.holders[4], declines=True)
    async with opened(stand.browser, f"{stand.url}/c/1", wallet) as page:
        await sign_on_page(page)
        await expect(page.locator("#error")).to_have_text("You declined in your wallet. Nothing was sent.")
        await expect(page.locator("#sign")).to_be_enabled()
        await expect(page.locator("#progress")).to_contain_text("0 holders have signed")


async def test_call_page__wallet_on_another_chain__is_switched_before_it_signs(stand: Stand) -> None:
    from playwright.async_api import expect

    wallet = Wallet(stand.voting.holders[4], chain_id=1)
    async with opened(stand.browser, f"{stand.url}/c/1", wallet) as page:
        await sign_on_page(page)
        await expect(page.locator("#status")).to_have_text("This wallet has signed.")
    assert wallet.asked.index("wallet_switchEthereumChain") < wallet.asked.index("eth_signTypedData_v4")


async def test_call_page__without_a_script__can_be_read_and_says_how_to_sign(stand: Stand) -> None:
    from playwright.async_api import expect

    async with opened(stand.browser, f"{stand.url}/c/1", java_script_enabled=False) as page:
        await expect(page.get_by_text("It did so to three applicants this week.")).to_be_visible()
        await expect(page.get_by_text("You can sign without it: see below.")).to_be_visible()
        await expect(page.get_by_role("button", name="Sign this call")).to_be_hidden()
        await page.get_by_text("Sign without this page").click()
        await expect(page.get_by_role("link", name="/api/calls/1")).to_be_visible()
