"""The page of an incident over a real case, indexed from a real chain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from support.index import read_chain
from tribune.chain.enums import CaseKind
from tribune.reports.canonical import cid_digest
from tribune.reports.evidence_store import write_evidence
from tribune.store.session import Store

if TYPE_CHECKING:  # imports web3, which warns at import: only once pytest's filters are set
    from support.voting import Voting

HTML = {"accept": "text/html"}


def vote(voting: Voting, choices: list[int]) -> None:
    for holder, choice in zip(voting.holders, choices, strict=False):
        voting.chain.send(voting.governor.functions.castVote(voting.proposal_id, choice), holder)


def carry_out(voting: Voting) -> None:
    voting.chain.send(voting.governor.functions.executeCase(voting.case_id))


async def steps(client: httpx.AsyncClient, case_id: int = 1) -> list[str]:
    answer = await client.get(f"/api/incidents/{case_id}")
    assert answer.status_code == 200
    found = answer.json()["steps"]
    assert [one["time"] for one in found] == sorted(one["time"] for one in found)
    return [one["text"] for one in found]


def in_order(found: list[str], *parts: str) -> None:
    """Assert that each part stands in a later step than the one before it."""
    at = -1
    for part in parts:
        at = next((i for i, text in enumerate(found) if i > at and part in text), -1)
        assert at >= 0, f"{part!r} is not in its place in {found}"


async def test_get_incident__breach_to_pause__tells_each_step_in_order(
    client: httpx.AsyncClient, voting: Voting, store: Store
) -> None:
    vote(voting, [0, 1, 1, 1, 2])
    voting.chain.warp(700)
    carry_out(voting)
    await read_chain(voting.chain, store)
    found = await steps(client)
    in_order(
        found,
        "Case 1 was opened: it broke a rule.",
        "53 of 100 men and 6 of 100 women",
        "The vote on case 1 was opened",
        "The first ballot was counted.",
        "Enough took part: the 20 % needed.",
        "5 ballots so far: 520,000 for, 400,000 against, 80,000 abstain.",
        "The time for voting was over.",
        "Case 1 ended: the vote passed and was carried out.",
        "It was PAUSED by vote.",
    )
    assert not any("at once" in text for text in found)


async def test_get_incident__resumed__tells_the_conclusion_and_names_the_other_case(
    client: httpx.AsyncClient, voting: Voting, store: Store
) -> None:
    vote(voting, [1, 1])
    carry_out(voting)
    conclusion = cid_digest(write_evidence(voting.folder, {"cause": "Ages were wrong.", "fix": "Mended."}))
    governor = voting.governor.functions
    voting.chain.send(governor.callResume(1, 1, bytes(conclusion)), voting.chain.steward)
    await read_chain(voting.chain, store)
    in_order(
        await steps(client), "It was PAUSED by vote.", "shall it answer again?", "Cause: Ages were wrong."
    )
    assert (await client.get("/api/incidents/1")).json()["related"] == [2]
    resume = (await client.get("/api/incidents/2")).json()
    assert resume["kind"] == CaseKind.HOLDER_RESUME.name.lower()
    assert resume["related"] == [1]


async def test_get_incident__nobody_voted__tells_that_the_suspension_ran_out(
    client: httpx.AsyncClient, voting: Voting, store: Store
) -> None:
    voting.chain.warp(2_100)
    await read_chain(voting.chain, store)
    in_order(await steps(client), "The time for voting was over.", "The suspension ran out")


async def test_get_page__every_step__stands_with_time_block_and_transaction(
    client: httpx.AsyncClient, voting: Voting, store: Store
) -> None:
    await read_chain(voting.chain, store)
    told = (await client.get("/api/incidents/1")).json()
    text = (await client.get("/i/1", headers=HTML)).text
    assert "<h1>acs-employment v1 has been stopped: it treats women and men differently</h1>" in text
    for step in told["steps"]:
        assert f'<time datetime="{step["time"]}">' in text
        assert step["tx"] in text
    assert '<a href="/b/1">The vote</a>' in text
    assert 'href="/i/1"' in (await client.get("/b/1", headers=HTML)).text


async def test_get_page__index_empty__says_so(client: httpx.AsyncClient) -> None:
    text = (await client.get("/i/1", headers=HTML)).text
    assert "Nothing of it has been read from the chain yet" in text


async def test_get_page__no_such_case__a_plain_page(client: httpx.AsyncClient) -> None:
    answer = await client.get("/i/99", headers=HTML)
    assert answer.status_code == 404
    assert "There is no case 99." in answer.text
