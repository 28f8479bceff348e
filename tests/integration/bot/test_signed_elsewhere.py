"""A ballot that was signed by another tool, handed in by a modal: over a real gateway, on a real chain."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from integration.bot.voting import asked_to_vote, voting_begun
from integration.bot.world import BotWorld, labels
from support.discord.bodies import flat
from support.discord.world import Message
from tribune.ids import ProposalId

if TYPE_CHECKING:  # imports web3, which warns at import: only once pytest's filters are set
    from eth_account.signers.local import LocalAccount

    from support.chain import TestChain
    from support.voting import Voting

ELSEWHERE = "I have signed elsewhere"


async def voting(chain: TestChain, world: BotWorld) -> tuple[Voting, Message]:
    """Let a breach open a vote; return it and the private answer to a press of Vote."""
    world.start()
    await world.until(lambda: world.discord.gateway.connected, "the gateway")
    made, message = await asked_to_vote(chain, world)
    await voting_begun(made)
    switch = chain.contracts["KillSwitch"].functions
    made.proposal_id = ProposalId(switch.caseOf(made.case_id).call()[-1])
    return made, await world.answered(world.press("ada", message, "Vote"))


async def hand_in(
    world: BotWorld,
    answer: Message,
    account: LocalAccount,
    signature: str,
    reason: str = "",
    choice: str = "1",
) -> Message:
    """Open the modal, fill it in and submit it; return the private answer."""
    opened = world.press("ada", answer, ELSEWHERE)
    modal = await world.until(lambda: opened.modal, "the modal")
    fields: list[dict[str, Any]] = [one for one in flat(modal["components"]) if "custom_id" in one]
    values = [[choice], account.address.lower(), signature, reason]
    names = [field["custom_id"] for field in fields]
    filled = dict(zip(names, values, strict=True))
    return await world.answered(world.people.submit(world.discord.world.find_user("ada"), opened, filled))


async def test_signed_elsewhere__handed_in__counted_and_told(chain: TestChain, world: BotWorld) -> None:
    made, answer = await voting(chain, world)
    assert labels(answer) == ["Open the ballot", ELSEWHERE]
    voter = made.holders[2]
    refused = await hand_in(world, answer, voter, made.sign(voter, 0, "harm"), "harm")
    assert f"The signature is not from {voter.address} for this vote." in refused.content
    other = await hand_in(world, answer, chain.steward, made.sign(chain.steward, 1), "")
    assert "This wallet had no votes at" in other.content

    taken = await hand_in(world, answer, voter, made.sign(voter, 1, "harm"), " harm\n")
    assert taken.ephemeral
    assert f"Your ballot was taken: For, from `{voter.address}`." in taken.content

    def votes() -> list[int] | None:
        found = made.governor.functions.proposalVotes(made.proposal_id).call()
        return found if found[1] else None

    assert await world.until(votes, "the vote on the chain") == [0, 170_000 * 10**18, 0]
    again = await hand_in(world, answer, voter, made.sign(voter, 1, "harm"), "harm")
    assert f"For, 170,000 votes of `{voter.address}`." in again.content or "was taken" in again.content
    sent = world.discord.world.messages.values()
    await world.until(lambda: any(one.author.bot and "170,000" in one.content for one in sent), "a notice")
    await world.halt()
    found = await asyncio.to_thread(world.discord.ledger.report)
    assert (found["requests"], found["unsupported"]) == ([], [])
