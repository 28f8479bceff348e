"""The pages on a port, a chain and a store below them, and a browser: for tests that click and type."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from support.anvil import ROOT, Anvil
from support.browser import DESKTOP, Wallet
from tribune.ballots.contracts import VoteContracts
from tribune.ballots.relay import BallotRelay
from tribune.chain.client import Chain
from tribune.chain.deployments import load_deployment
from tribune.settings import RelaySettings, WebSettings
from tribune.store.session import Store, open_store
from tribune.sync.sender import Sender

if TYPE_CHECKING:  # the support's imports web3, which warns at import
    from playwright.async_api import Browser, Page

    from support.chain import TestChain
    from support.voting import Voting

PICTURES = ROOT / "build" / "screenshots"
PATIENCE_MS = 30_000


@dataclass
class SendingWallet(Wallet):
    """A wallet that sends transactions too, as anvil's own accounts can.

    Args:
        gas: that it gives each, without trying it; empty: it tries it, and refuses what would fail.
    """

    chain: Any = None
    gas: str = ""

    async def _answer(self, method: str, parameters: list[Any] | None) -> dict[str, Any]:
        if method != "eth_sendTransaction":
            return await super()._answer(method, parameters)
        self.asked.append(method)
        [given] = parameters or []
        if int(given.pop("chainId"), 16) != self.chain_id:
            return {"error": {"code": -32602, "message": "Provided chainId must match the active chainId"}}
        await self.may_answer.wait()
        if self.declines:
            return {"error": {"code": 4001, "message": "User rejected the request."}}
        given |= {"gas": self.gas} if self.gas else {}
        answer = self.chain.web3.provider.make_request(method, [given])
        return {name: answer[name] for name in ("result", "error") if name in answer}


@dataclass
class Stand:
    """A deployed Tribune with a breach, its pages on a port, and the bot's relay, run by the test."""

    voting: Voting
    store: Store
    relay: BallotRelay
    contracts: VoteContracts
    url: str
    browser: Browser
    safe: str
    """A contract wallet of the first holder's, with 1,000 votes (ERC-1271)."""

    async def relay_until_counted(self, page: Page) -> None:
        """Relay as the bot does until the page says that the vote was counted."""
        for _ in range(100):
            await self.relay.relay_all()
            if await page.locator("#receipt").is_visible():
                return
            await asyncio.sleep(0.1)
        raise AssertionError("the page never said that the vote was counted")

    @property
    def votes(self) -> tuple[int, int, int]:
        """Against, for and abstain, in tokens."""
        against, for_, abstain = self.voting.governor.functions.proposalVotes(self.voting.proposal_id).call()
        return against // 10**18, for_ // 10**18, abstain // 10**18

    def opened(self, path: str, *wallets: Wallet, **options: Any) -> AbstractAsyncContextManager[Page]:
        """Open one of these pages in a browser that holds wallets."""
        return opened(self.browser, f"{self.url}{path}", *wallets, **options)


@asynccontextmanager
async def opened(
    browser: Browser, address: str, *wallets: Wallet, size: dict[str, int] = DESKTOP, **options: Any
) -> AsyncIterator[Page]:
    """Open an address in a browser that holds wallets; fail on any script error or request to elsewhere."""
    from playwright.async_api import expect

    faults: list[str] = []
    context = await browser.new_context(viewport=size, **{"locale": "en", **options})  # type: ignore[arg-type]
    page = await context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    page.on("console", lambda m: faults.append(m.text) if "Content Security Policy" in m.text else None)
    here = urlsplit(address).netloc
    page.on(
        "request",
        lambda request: None if urlsplit(request.url).netloc == here else faults.append(request.url),
    )
    for wallet in wallets:
        await wallet.enter(page)
    try:
        await page.goto(address)
        yield page
    finally:
        await context.close()
    assert not faults


def deploy(anvil: Anvil, folder: Path) -> tuple[Voting, str]:
    """Deploy, give a contract wallet some votes, and let a breach suspend a model."""
    from support.voting import open_breach, slow_chain

    chain = slow_chain(anvil)
    safe = _owned_wallet(chain)
    return open_breach(chain, folder, vote=False), safe


def _owned_wallet(chain: TestChain) -> str:
    from support.chain import contract_types

    token, owner = chain.contracts["TribuneToken"], chain.holders[0]
    built = contract_types()["OwnedWallet"]
    made = chain.web3.eth.contract(abi=built["abi"], bytecode=built["deploymentBytecode"]["bytecode"])
    receipt = chain.send(made.constructor(owner.address, token.address))
    address = chain.web3.to_checksum_address(str(receipt["contractAddress"]))
    chain.send(token.functions.transfer(address, 1_000 * 10**18), owner)
    return str(address)


@asynccontextmanager
async def standing(deployed: tuple[Voting, str], browser: Browser, folder: Path) -> AsyncIterator[Stand]:
    """Open the store and serve the pages; afterwards the chain is as it was."""
    from support.voting import Voting

    voting, safe = deployed
    chain = voting.chain
    chain.write_record(folder)
    with chain.undone(), open_store(f"sqlite:///{folder / 'store.db'}") as store:
        async with Chain(chain.anvil.http_url, chain_id=31337, timeout_s=5) as client:
            contracts = VoteContracts(client, load_deployment(folder, 31337))
            relay = BallotRelay(store, contracts, Sender(client, chain.relayer, receipt_timeout_s=30))
            async with served(store, contracts, voting.folder) as url:
                case = Voting(chain, voting.folder, voting.case_id, voting.proposal_id)
                yield Stand(case, store, relay, contracts, url, browser, safe)


@asynccontextmanager
async def served(
    store: Store,
    contracts: VoteContracts,
    evidence: Path,
    web: WebSettings | None = None,
    limits: RelaySettings | None = None,
) -> AsyncIterator[str]:
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
            limits=limits,
            web=web,
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


async def choose_wallet(page: Page, name: str = "Test Wallet") -> None:
    """Connect a wallet."""
    await page.get_by_role("button", name=f"Use {name}").click()


async def vote_on_page(page: Page, choice: str, reason: str = "", wallet: str = "Test Wallet") -> None:
    """Choose a wallet, a choice and a reason, and sign."""
    from playwright.async_api import expect

    await choose_wallet(page, wallet)
    await expect(page.locator("#sign")).to_be_enabled()
    await page.get_by_label(choice, exact=True).check()
    if reason:
        await page.get_by_label("Reason").fill(reason)
    await page.get_by_role("button", name="Sign my vote").click()
