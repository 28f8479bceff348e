"""A deployed Tribune with many voters, the stand-in Discord, pages and bot: each a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from eth_account import Account
from eth_account.signers.local import LocalAccount
from sqlmodel import Session

from examples.acs_employment.demo.processes import Processes
from support.anvil import KEYS, ROOT, Anvil
from support.chain import TestChain
from support.processes import free_port
from support.voting import Voting, documents, open_model, slow_chain
from tribune.ids import CaseId, ProposalId
from tribune.reports.canonical import cid_digest
from tribune.reports.evidence_store import write_evidence
from tribune.store import queries
from tribune.store.session import open_store

READY_S = 60.0
SETTLED_S = 5.0
"""For the events of all voters to be told to the bot's parts, once they are in the index."""
SHARE = 300 * 10**18
"""Tokens of each voter: a thousand of them together stay below the super-quorum, which would end the vote."""


@dataclass
class Scene:
    """What is voted on, and by whom."""

    folder: Path
    chain: TestChain
    processes: Processes
    site: str
    control_port: int
    voters: list[LocalAccount]
    policy: bytes
    case_id: CaseId = field(init=False)
    _voting: Voting | None = field(default=None, repr=False)

    def breach(self) -> float:
        """Let the hub trip the model; return when its block was seen, by the monotonic clock."""
        _, evidence, value = documents()
        found = cid_digest(write_evidence(self.folder / "evidence", evidence))
        hub, switch = (self.chain.contracts[name] for name in ("ReportHub", "KillSwitch"))
        self.chain.rpc("anvil_impersonateAccount", hub.address)
        self.chain.rpc("anvil_setBalance", hub.address, hex(10**18))
        breach = (0, 1, 1, 2, 0, value, 100_000, self.policy, found, 60)
        sent = switch.functions.trip(breach).transact({"from": hub.address})
        receipt = self.chain.web3.eth.wait_for_transaction_receipt(sent, timeout=20, poll_latency=0.01)
        mined = time.monotonic()
        if receipt["status"] != 1:
            raise SystemExit("the breach was refused")
        self.case_id = CaseId(switch.functions.caseCount().call())
        self.chain.rpc("evm_setIntervalMining", 1)
        return mined

    def begin_voting(self) -> None:
        """Wait until ballots count."""
        switch, governor = self.chain.contracts["KillSwitch"], self.chain.contracts["PauseGovernor"]
        for _ in range(300):
            proposal = ProposalId(switch.functions.caseOf(self.case_id).call()[-1])
            if proposal and governor.functions.state(proposal).call() == 1:
                self._voting = Voting(self.chain, self.folder / "evidence", self.case_id, proposal)
                return
            time.sleep(0.1)
        raise SystemExit("the vote did not begin")

    def signed(self, voter: LocalAccount) -> dict[str, Any]:
        """Sign as the voter's wallet does; return what the page sends."""
        if self._voting is None:
            raise RuntimeError("the vote has not begun")
        return {"voter": voter.address, "support": 1, "reason": "", "signature": self._voting.sign(voter, 1)}

    def votes_cast(self) -> int:
        """Return how many of the voters' ballots are in blocks."""
        if self._voting is None:
            return 0
        _, for_, _ = self._voting.governor.functions.proposalVotes(self._voting.proposal_id).call()
        return int(for_ // SHARE)

    def bot_memory_kb(self) -> int:
        """Return the bot's resident memory in kB."""
        status = Path(f"/proc/{self.processes.running['bot'].popen.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0])


@asynccontextmanager
async def opened_scene(folder: Path, voters: int) -> AsyncIterator[Scene]:
    """Start everything, with this many holders who delegated to themselves; stop it by process id."""
    processes = Processes(folder / "logs")
    with Anvil.start() as anvil:
        try:
            chain = await asyncio.to_thread(slow_chain, anvil)
            policy = await asyncio.to_thread(open_model, chain, folder / "evidence")
            accounts = await asyncio.to_thread(_give_out, chain, voters)
            chain.write_record(folder)
            port = free_port()
            site = f"http://127.0.0.1:{port}"
            ports = await _start(processes, folder, anvil, port, site)
            await _until_followed(processes, folder, chain)
            yield Scene(folder, chain, processes, site, ports["control_port"], accounts, policy)
        finally:
            processes.stop_all()


async def _start(processes: Processes, folder: Path, anvil: Anvil, port: int, site: str) -> dict[str, Any]:
    discord = folder / "discord"
    ready = discord / "ports.json"
    processes.start("discord", ["-m", "support.discord", "--folder", str(discord)], _paths())
    await processes.until(ready, of="discord", limit_s=READY_S)
    ports: dict[str, Any] = json.loads(ready.read_text())
    environment = _paths() | {
        "TRIBUNE_CHAIN__HTTP_URL": anvil.http_url,
        "TRIBUNE_CHAIN__WS_URL": anvil.ws_url,
        "TRIBUNE_DEPLOYMENTS": str(folder),
        "TRIBUNE_STORE_URL": _store_url(folder),
        "TRIBUNE_EVIDENCE_URLS": json.dumps([str(folder / "evidence")]),
        "TRIBUNE_WEB__PORT": str(port),
        "TRIBUNE_WEB__PUBLIC_URL": site,
        "TRIBUNE_WEB__POSTS_PER_MINUTE": "1000000",
        "TRIBUNE_WEB__READS_PER_MINUTE": "1000000",
    }
    processes.start("web", ["-m", "tribune.cli", "web"], environment)
    bot = {
        "TRIBUNE_KEYS__RELAYER__ENV": "BENCH_RELAYER_KEY",
        "BENCH_RELAYER_KEY": KEYS[0],  # a public development key
        "TRIBUNE_DISCORD__GUILD_ID": str(ports["guild_id"]),
        "TRIBUNE_DISCORD__CHANNEL_ID": str(ports["channel_id"]),
        "TRIBUNE_DISCORD__TOKEN_FILE": str(discord / ports["token_file"]),
        "TRIBUNE_DISCORD__CONNECT_HOST": "127.0.0.1",
        "TRIBUNE_DISCORD__CONNECT_PORT": str(ports["rest_port"]),
        "TRIBUNE_DISCORD__CA_FILE": str(discord / ports["ca"]),
    }
    processes.start("bot", ["-m", "tribune.cli", "bot", "run"], environment | bot)
    await _until_serving(processes, site, ports["control_port"])
    return ports


async def _until_serving(processes: Processes, site: str, control_port: int) -> None:
    """Wait until pages answer and the bot is connected."""
    async with aiohttp.ClientSession() as session:
        ends = time.monotonic() + READY_S
        for url in (f"{site}/healthz", f"http://127.0.0.1:{control_port}/control/state"):
            while not await _answers(session, url):
                processes.check()
                if time.monotonic() > ends:
                    raise SystemExit(f"{url} is not ready after {READY_S:g} s")
                await asyncio.sleep(0.1)


async def _until_followed(processes: Processes, folder: Path, chain: TestChain) -> None:
    """Wait until the bot has taken in what the chain holds: figures are of a bot that runs."""
    head = await asyncio.to_thread(lambda: chain.web3.eth.block_number)
    ends = time.monotonic() + READY_S
    with open_store(_store_url(folder)) as store:
        while not await store.read(_has_reached, head):
            processes.check()
            if time.monotonic() > ends:
                raise SystemExit(f"The bot has not reached block {head} after {READY_S:g} s")
            await asyncio.sleep(0.1)
    await asyncio.sleep(SETTLED_S)


def _has_reached(session: Session, block: int) -> bool:
    reached = queries.checkpoint(session, "indexer")
    return reached is not None and reached.block_number >= block


def _store_url(folder: Path) -> str:
    return f"sqlite:///{folder / 'people.db'}"


async def _answers(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(url) as answer:
            if answer.status != 200:
                return False
            return url.endswith("/healthz") or bool((await answer.json())["connected"])
    except aiohttp.ClientError:
        return False


def _give_out(chain: TestChain, count: int) -> list[LocalAccount]:
    """Return new accounts that hold tokens and delegated to themselves."""
    accounts: list[LocalAccount] = [Account.from_key(os.urandom(32)) for _ in range(count)]
    token, giver = chain.contracts["TribuneToken"].functions, chain.holders[0].address
    chain.rpc("anvil_autoImpersonateAccount", True)
    chain.rpc("evm_setAutomine", False)
    sent = []
    for number, account in enumerate(accounts):
        chain.rpc("anvil_setBalance", account.address, hex(10**18))
        sent.append(token.transfer(account.address, SHARE).transact({"from": giver, "gas": 200_000}))
        sent.append(token.delegate(account.address).transact({"from": account.address, "gas": 200_000}))
        if number % 50 == 49:
            chain.rpc("evm_mine")
    chain.rpc("evm_mine")
    chain.rpc("evm_setAutomine", True)
    chain.rpc("anvil_autoImpersonateAccount", False)
    if any(chain.web3.eth.get_transaction_receipt(one)["status"] != 1 for one in sent):
        raise SystemExit("tokens could not be given out")
    return accounts


def _paths() -> dict[str, str]:
    return {"PYTHONPATH": os.pathsep.join(str(ROOT / part) for part in (".", "monitors", "bot", "tests"))}
