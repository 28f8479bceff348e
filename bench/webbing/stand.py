"""What the page benchmark asks: a deployed Tribune with a real case, a store with a past, the pages' process.

The chain holds one model, its case with an open vote, a call of holders, a draft and a proposal, for pages
that read the chain. All other models are in the index alone, in blocks before the chain's first one.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp

from bench.webbing.documents import measure_frames
from bench.webbing.ledger import Ledger
from bench.webbing.past import HOLDERS, MONITORS, Past, write_past
from examples.acs_employment.demo.processes import Processes
from scripts.deployment import record
from support.anvil import CHAIN_ID, Anvil
from support.processes import free_port
from support.proposing import STRANGER, Proposing
from support.voting import open_breach, slow_chain
from tribune.ballots.contracts import VoteContracts
from tribune.ballots.documents import Documents
from tribune.ballots.linking import WalletLinks
from tribune.chain.client import Chain
from tribune.chain.deployments import load_deployment
from tribune.chain.facade import Tribune
from tribune.chain.types import checksum
from tribune.ids import Address
from tribune.reports.canonical import cid
from tribune.store.session import open_store
from tribune.store.tables import SignedDelegation, now
from tribune.sync.indexer import Indexer

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from support.voting import Voting
    from tribune.store.session import Store

FIRST_BLOCK = 1_000_000
"""The real chain begins here; before it lies the past."""
DOCUMENTED = 10
READY_S = 60.0


@dataclass(frozen=True)
class Stand:
    """What stands.

    Args:
        site: address of the pages.
        pid: of their process.
        app: the same application here, for its list of routes.
        past: what the index knows.
        events: how many events that are.
        samples: for each name in a route's path, what can stand there; the same place in two lists belongs
            together.
    """

    site: str
    pid: int
    app: Starlette
    past: Past
    events: int
    samples: dict[str, list[str]]


@asynccontextmanager
async def standing(folder: Path, models: int, frames: int) -> AsyncIterator[Stand]:
    """Make everything and serve it; stop it by process id."""
    from tribune.web.app import create_app

    processes, evidence = Processes(folder / "logs"), folder / "evidence"
    evidence.mkdir(parents=True)
    measured = await asyncio.to_thread(measure_frames, CHAIN_ID)
    (evidence / cid(measured.profile.digest)).write_bytes(measured.profile.canonical)
    ends_s = int(time.time())
    with Anvil.start(timestamp=ends_s, extra=("--number", str(FIRST_BLOCK))) as anvil:
        try:
            voting = await asyncio.to_thread(_act, anvil, evidence)
            chain = voting.chain
            where = {name: str(contract.address) for name, contract in chain.contracts.items()}
            record.write(folder, CHAIN_ID, FIRST_BLOCK, where, chain.config)
            url = f"sqlite:///{folder / 'store.db'}"
            with open_store(url) as store:
                async with Chain(anvil.http_url, chain_id=CHAIN_ID, timeout_s=30) as client:
                    contracts = VoteContracts(client, load_deployment(folder, CHAIN_ID))
                    indexer = Indexer.of(Tribune(client, contracts.deployment), store)
                    names = {name: checksum(address) for name, address in where.items()}
                    ledger = Ledger(store, indexer, names, FIRST_BLOCK - 500_000)
                    ids = range(2, models + 1)
                    past = await asyncio.to_thread(
                        write_past, ledger, measured, evidence, models=ids,
                        documented=ids[:: models // DOCUMENTED or 1], frames=frames, ends_s=ends_s,
                        governor=where["PauseGovernor"],
                    )  # fmt: skip
                    await indexer.catch_up()
                    port = free_port()
                    site = f"http://127.0.0.1:{port}"
                    samples = await _samples(store, contracts, voting, site, past, frames)
                    samples["figure"] = measured.figures()
                    app = create_app(
                        store=store,
                        chain=client,
                        deployment=contracts.deployment,
                        evidence=[evidence],
                        public_url=site,
                    )
                    environment = {
                        "TRIBUNE_CHAIN__HTTP_URL": anvil.http_url,
                        "TRIBUNE_CHAIN__WS_URL": anvil.ws_url,
                        "TRIBUNE_DEPLOYMENTS": str(folder),
                        "TRIBUNE_STORE_URL": url,
                        "TRIBUNE_EVIDENCE_URLS": json.dumps([str(evidence)]),
                        "TRIBUNE_WEB__PORT": str(port),
                        "TRIBUNE_WEB__PUBLIC_URL": site,
                    }
                    web = processes.start("web", ["-m", "tribune.cli", "web"], environment)
                    await _until_serving(processes, site)
                    yield Stand(site, web.popen.pid, app, past, ledger.events, samples)
        finally:
            processes.stop_all()


def _act(anvil: Anvil, folder: Path) -> Voting:
    """Let a breach suspend a real model, whose vote is open, and propose something in the slow lane."""
    chain = slow_chain(anvil)
    voting = open_breach(chain, folder)
    proposing = Proposing(chain)
    proposing.propose([proposing.admit()], "Admit Observatory\nThey have measured well for a year.")
    for holder in chain.holders[2:4]:
        chain.send(voting.governor.functions.castVote(voting.proposal_id, 1), holder)
        chain.send(proposing.governor.functions.castVote(proposing.proposal_id, 1), holder)
    return voting


async def _samples(
    store: Store, contracts: VoteContracts, voting: Voting, site: str, past: Past, frames: int
) -> dict[str, list[str]]:
    from tribune.ballots.cases.view import read_case_vote
    from tribune.ballots.holders.beginning import begin_call, plan_call
    from tribune.ballots.holders.documents import Harm
    from tribune.ballots.slow_lane.drafts import draft_monitor
    from tribune.chain.enums import CaseKind
    from tribune.ids import ModelId

    documents = Documents([voting.folder])
    vote = await read_case_vote(contracts, documents, voting.case_id)
    invited = await WalletLinks(store, contracts.chain, site).invite(1)
    harm = Harm("It insults people.", ("https://news.example/insult",))
    plan = await plan_call(contracts, [voting.folder], CaseKind.HOLDER_PAUSE, ModelId(1), harm)
    await begin_call(store, contracts, documents, plan.cid)
    draft = await draft_monitor(
        store, contracts, documents,
        account=Address(STRANGER), name="Observatory", uri="", admit=True, why="They are good.",
    )  # fmt: skip
    voter = voting.holders[2].address
    with store.session() as session:
        session.add(SignedDelegation(delegator=voter, delegatee=voter, nonce=0, expiry=now(), signature="0x"))
    deep = [str(model) for model in past.documented]
    day = datetime.now(UTC) - timedelta(days=2)
    return {
        "case_id": [str(voting.case_id)],
        "number": ["41"],
        "voter": [voter],
        "undecided": [voting.holders[1].address],
        "delegator": [voter],
        "nonce": ["0"],
        "call_id": ["1"],
        "draft_id": [draft.draft_id],
        "token": [invited.url.rpartition("/")[2]],
        "cid": [str(vote.evidence)],
        "model_id": deep,
        "model": deep,
        "case": [str(case) for case in (voting.case_id, *past.cases)],
        "version": ["1"],
        "frame": [str(frame) for frame in range(1, frames // 2)],
        "address": list(MONITORS),
        "holder": list(HOLDERS[:20]),
        "day": [f"{day:%Y-%m-%d}"],
    }


async def _until_serving(processes: Processes, site: str) -> None:
    ends = time.monotonic() + READY_S
    async with aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(f"{site}/healthz") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            processes.check()
            if time.monotonic() > ends:
                raise SystemExit(f"The pages do not answer after {READY_S:g} s")
            await asyncio.sleep(0.1)
