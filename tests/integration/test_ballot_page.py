"""The ballot page in real Chromium: a person clicks, a wallet signs, the ballot is relayed and counted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from support.anvil import ROOT, Anvil, find_binary
from support.browser import DESKTOP, PHONE, SKIP_REASON, Wallet, chromium, find_chromium
from tribune.ballots.contracts import VoteContracts
from tribune.ballots.linking import WalletLinks
from tribune.ballots.relay import BallotRelay
from tribune.chain.client import Chain
from tribune.chain.deployments import load_deployment
from tribune.store.queries import wallets_of
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

PICTURES = ROOT / "build" / "screenshots"
USER = 80351110224678912
PATIENCE_MS = 30_000


@dataclass
class Stand:
    """A deployed Tribune with an open vote, its pages on a port, and the bot's relay, run by the test."""

    voting: Voting
    store: Store
    relay: BallotRelay
    url: str
    browser: Browser

    async def relay_until_counted(self, page: Page) -> None:
        """Relay as the bot does until the page says that the vote was counted."""
        for _ in range(100):
            await self.relay.relay_all()
            if "Counted in block" in (await page.text_content("#status") or ""):
                return
            await asyncio.sleep(0.1)
        raise AssertionError("the page never said that the vote was counted")


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Voting]:
    if find_binary() is None or not (ROOT / ".build" / "__local__.json").exists():
        pytest.skip("anvil or the compiled contracts are missing: run `make setup`")
    from support.voting import open_breach, slow_chain

    with Anvil.start() as anvil:
        yield open_breach(slow_chain(anvil), tmp_path_factory.mktemp("evidence"))


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
            async with served(store, contracts, deployed.folder) as url:
                yield Stand(deployed, store, BallotRelay(store, contracts, sender), url, browser)
    assert deployed.chain.rpc("evm_revert", snapshot)


@asynccontextmanager
async def served(store: Store, contracts: VoteContracts, evidence: Path) -> AsyncIterator[str]:
    """Serve the pages on a free port."""
    import socket

    import uvicorn

    from tribune.web.app import create_app

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        app = create_app(
            store=store,
            chain=contracts.chain,
            deployment=contracts.deployment,
            evidence=[evidence],
            public_url=url,
        )
        config = uvicorn.Config(app, log_config=None, lifespan="off", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server._serve([listener]))
        try:
            while not server.started:  # noqa: ASYNC110 - uvicorn offers no event
                await asyncio.sleep(0.01)
            yield url
        finally:
            server.should_exit = True
            with suppress(asyncio.CancelledError):
                await serving


@asynccontextmanager
async def opened(
    stand: Stand, wallet: Wallet | None, address: str, size: dict[str, int] = DESKTOP, **options: Any
) -> AsyncIterator[Page]:
    """Open an address in a browser that holds a wallet; fail on any script error or request to elsewhere."""
    from playwright.async_api import expect

    faults: list[str] = []
    context = await stand.browser.new_context(viewport=size, **options)  # type: ignore[arg-type]
    page = await context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    page.on("console", lambda m: faults.append(m.text) if "Content Security Policy" in m.text else None)
    page.on(
        "request",
        lambda request: None if request.url.startswith(stand.url) else faults.append(request.url),
    )
    if wallet is not None:
        await wallet.enter(page)
    try:
        await page.goto(address)
        yield page
    finally:
        await context.close()
    assert not faults


def votes(voting: Voting) -> tuple[int, int, int]:
    against, for_, abstain = voting.governor.functions.proposalVotes(voting.proposal_id).call()
    return against // 10**18, for_ // 10**18, abstain // 10**18


async def vote_on_page(page: Page, choice: str, reason: str = "") -> None:
    from playwright.async_api import expect

    await page.get_by_role("button", name="Use ").click()
    await expect(page.locator("#sign")).to_be_enabled()
    await page.get_by_label(choice, exact=True).check()
    if reason:
        await page.get_by_label("Reason").fill(reason)
    await page.get_by_role("button", name="Sign my vote").click()


@pytest.mark.parametrize(("name", "size"), [("phone", PHONE), ("desktop", DESKTOP)])
async def test_ballot_page__clicked_through__counted_and_says_the_block(
    stand: Stand, name: str, size: dict[str, int]
) -> None:
    from playwright.async_api import expect

    voter = stand.voting.holders[2]
    async with opened(stand, Wallet(voter), f"{stand.url}/b/1", size) as page:
        await expect(page.get_by_role("heading", level=1)).to_have_text("Keep acs-employment v1 stopped?")
        await vote_on_page(page, "For", "unfair to women")
        await expect(page.locator("#account")).to_contain_text("170,000 votes (17.0 %)")
        await stand.relay_until_counted(page)
        block = stand.voting.chain.web3.eth.block_number
        await expect(page.locator("#status")).to_have_text(f"Counted in block {block}: For, 170,000 votes.")
        await expect(page.locator("#tally-for")).to_have_text("170,000 (17.0 %)")
        width = await page.evaluate("document.documentElement.scrollWidth")
        assert width <= size["width"]
        await page.screenshot(path=PICTURES / f"ballot-{name}.png", full_page=True)
    assert votes(stand.voting) == (0, 170_000, 0)


async def test_ballot_page__by_keyboard_alone__counted(stand: Stand) -> None:
    from playwright.async_api import expect

    voter = stand.voting.holders[3]
    async with opened(stand, Wallet(voter), f"{stand.url}/b/1") as page:
        await expect(page.get_by_role("button", name="Use Test Wallet")).to_be_visible()
        for _ in range(12):
            await page.keyboard.press("Tab")
            if await page.evaluate("document.activeElement?.textContent") == "Use Test Wallet":
                break
        await page.keyboard.press("Enter")
        await expect(page.locator("#sign")).to_be_enabled()
        await expect(page.get_by_label("For", exact=True)).to_be_focused()
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await stand.relay_until_counted(page)
    assert votes(stand.voting) == (100_000, 0, 0)


async def test_ballot_page__wallet_without_eip6963__found_as_window_ethereum(stand: Stand) -> None:
    wallet = Wallet(stand.voting.holders[4], announced=False)
    async with opened(stand, wallet, f"{stand.url}/b/1") as page:
        await vote_on_page(page, "Abstain")
        await stand.relay_until_counted(page)
    assert votes(stand.voting) == (0, 0, 80_000)


async def test_ballot_page__wallet_on_another_chain__is_switched_before_it_signs(stand: Stand) -> None:
    wallet = Wallet(stand.voting.holders[2], chain_id=1)
    async with opened(stand, wallet, f"{stand.url}/b/1") as page:
        await vote_on_page(page, "For")
        await stand.relay_until_counted(page)
    assert wallet.asked.index("wallet_switchEthereumChain") < wallet.asked.index("eth_signTypedData_v4")
    assert wallet.chain_id == 31337


async def test_ballot_page__wallet_does_not_know_the_chain__says_so_and_signs_nothing(stand: Stand) -> None:
    from playwright.async_api import expect

    wallet = Wallet(stand.voting.holders[2], chain_id=1, known_chains=(1,))
    async with opened(stand, wallet, f"{stand.url}/b/1") as page:
        await page.get_by_role("button", name="Use Test Wallet").click()
        await expect(page.get_by_role("alert").last).to_contain_text("does not know chain 31337")
        await expect(page.locator("#sign")).to_be_disabled()
    assert "eth_signTypedData_v4" not in wallet.asked


async def test_ballot_page__no_power_at_the_snapshot__says_why(stand: Stand) -> None:
    from playwright.async_api import expect

    async with opened(stand, Wallet(stand.voting.chain.steward), f"{stand.url}/b/1") as page:
        await page.get_by_role("button", name="Use Test Wallet").click()
        await expect(page.locator("#error")).to_contain_text("This wallet had no votes, counted at")
        await expect(page.locator("#sign")).to_be_disabled()


async def test_ballot_page__already_voted__shows_the_vote(stand: Stand) -> None:
    from playwright.async_api import expect

    voter, governor = stand.voting.holders[3], stand.voting.governor.functions
    receipt = stand.voting.chain.send(governor.castVote(stand.voting.proposal_id, 0), voter)
    async with opened(stand, Wallet(voter), f"{stand.url}/b/1") as page:
        await page.get_by_role("button", name="Use Test Wallet").click()
        await expect(page.locator("#status")).to_have_text(
            f"Counted in block {receipt['blockNumber']}: Against, 100,000 votes."
        )
        await expect(page.locator("#sign")).to_be_disabled()


async def test_ballot_page__declined_in_the_wallet__nothing_is_sent_and_may_be_tried_again(
    stand: Stand,
) -> None:
    from playwright.async_api import expect

    wallet = Wallet(stand.voting.holders[2], declines=True)
    async with opened(stand, wallet, f"{stand.url}/b/1") as page:
        await vote_on_page(page, "For")
        await expect(page.locator("#error")).to_have_text("You declined in your wallet. Nothing was sent.")
        await expect(page.locator("#sign")).to_be_enabled()
    assert await stand.relay.relay_all() == []


async def test_ballot_page__without_a_wallet__says_what_to_do(stand: Stand) -> None:
    from playwright.async_api import expect

    async with opened(stand, None, f"{stand.url}/b/1", PHONE, color_scheme="dark") as page:
        await expect(page.locator("#account")).to_contain_text("No wallet was found")
        await expect(page.get_by_role("link", name="MetaMask")).to_be_visible()
        await page.screenshot(path=PICTURES / "ballot-phone-dark.png", full_page=True)


async def test_ballot_page__without_a_script__can_be_read(stand: Stand) -> None:
    from playwright.async_api import expect

    async with opened(stand, None, f"{stand.url}/b/1", java_script_enabled=False) as page:
        await expect(page.get_by_text("53 of 100 men and 6 of 100 women")).to_be_visible()
        await expect(page.get_by_text("You can vote without it")).to_be_visible()
        await expect(page.get_by_role("button", name="Sign my vote")).to_be_hidden()


async def test_link_page__signed__links_the_wallet(stand: Stand) -> None:
    from playwright.async_api import expect

    wallet = Wallet(stand.voting.holders[0])
    links = WalletLinks(stand.store, stand.relay._contracts.chain, stand.url)
    invite = await links.invite(USER)
    async with opened(stand, wallet, invite.url, PHONE) as page:
        await page.get_by_role("button", name="Use Test Wallet").click()
        await page.get_by_role("button", name="Sign and link").click()
        await expect(page.locator("#status")).to_contain_text(f"Linked {wallet.account.address}")
        await page.screenshot(path=PICTURES / "link-phone.png", full_page=True)
    assert await stand.store.read(wallets_of, USER) == [wallet.account.address]
