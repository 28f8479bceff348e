"""A breach that is voted on beside a running bot, and ballots on it: where tests of the bot start."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from integration.bot.world import BotWorld, labels
from support.discord.world import Message
from tribune.ballots.cases.view import read_case_vote
from tribune.ballots.contracts import VoteContracts
from tribune.ballots.documents import Documents
from tribune.ballots.queue import accept_ballot
from tribune.ballots.typed_data import SignedBallot
from tribune.chain.client import Chain
from tribune.chain.deployments import load_deployment
from tribune.ids import Address
from tribune.store.session import open_store

if TYPE_CHECKING:  # imports web3, which warns at import: only once pytest's filters are set
    from support.chain import TestChain
    from support.voting import Voting


async def breach(chain: TestChain, world: BotWorld) -> Voting:
    """Let a model be tripped, beside the running bot; from then on blocks come each second."""
    from support.voting import open_breach

    folder = Path(world.settings.evidence_urls[0])
    voting = await asyncio.to_thread(open_breach, chain, folder, vote=False)
    await asyncio.to_thread(chain.rpc, "evm_setIntervalMining", 1)
    return voting


async def asked_to_vote(chain: TestChain, world: BotWorld) -> tuple[Voting, Message]:
    """Let a model be tripped; return the vote, and the bot's message once it can be pressed."""
    voting = await breach(chain, world)
    message = await world.message("has been stopped")
    await world.until(lambda: "Vote" in labels(message), "the vote's buttons")
    return voting, message


async def voting_begun(voting: Voting) -> None:
    """Wait until ballots count: the voting delay has passed on the chain."""
    switch, governor = voting.chain.contracts["KillSwitch"], voting.governor
    for _ in range(100):
        proposal = switch.functions.caseOf(voting.case_id).call()[-1]
        if proposal and governor.functions.state(proposal).call() == 1:
            return
        await asyncio.sleep(0.1)
    raise AssertionError("the vote did not begin")


async def queue_ballots(voting: Voting, world: BotWorld, choices: list[int]) -> None:
    """Sign with the holders' wallets and queue, as the ballot page's process does."""
    await voting_begun(voting)
    async with Chain(voting.chain.anvil.http_url, chain_id=31337) as chain:
        contracts = VoteContracts(chain, load_deployment(world.settings.deployments, 31337))
        documents = Documents(world.settings.evidence_urls)
        vote = await read_case_vote(contracts, documents, voting.case_id)
        voting.proposal_id = vote.proposal_id
        with open_store(world.settings.store_url) as store:
            for account, choice in zip(voting.holders, choices, strict=False):
                signature = bytes.fromhex(voting.sign(account, choice)[2:])
                ballot = SignedBallot(vote.proposal_id, Address(account.address), choice, "", signature)
                await accept_ballot(store, contracts, vote, ballot)
