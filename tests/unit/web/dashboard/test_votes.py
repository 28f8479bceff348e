"""The list of votes in both lanes, and who voted, on the pages of each."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import httpx

from support.index import happened, proposed, put, read_chain, registered, state_changed
from support.proposing import Proposing
from tribune.store.session import Store

if TYPE_CHECKING:
    from support.voting import Voting

HTML = {"accept": "text/html"}


async def shown(client: httpx.AsyncClient, address: str) -> str:
    answer = await client.get(address, headers=HTML)
    assert answer.status_code == 200, answer.text
    return " ".join(answer.text.split())


async def test_proposals__both_lanes__open_ones_with_their_calls(
    client: httpx.AsyncClient, voting: Voting, store: Store
) -> None:
    proposing = Proposing(voting.chain)
    proposing.propose([proposing.admit()], "Free beer")
    await read_chain(voting.chain, store)
    live = (await shown(client, "/proposals")).partition('id="decided"')[0]
    assert '<a href="/b/1">acs-employment v1, case 1: it broke a rule</a>' in live
    assert re.search(r"<p>Voting ends <time [^>]+>[^<]+</time> at the latest\.</p>", live)
    assert '<a href="/p/1">Proposal 1: Admit the monitor Observatory</a>' in live
    assert "Free beer" not in live


async def test_proposals__decided__stand_apart_page_by_page(
    blind_client: httpx.AsyncClient, store: Store
) -> None:
    events = [registered(1, "lending")]
    for case in range(1, 61):
        events += [
            happened("CaseOpened", hours=case, model_id=1, case_id=case, kind=0, details={"version": 1}),
            happened("CaseClosed", hours=case + 0.5, model_id=1, case_id=case, outcome=1 + case % 3),
        ]
    proposal = proposed(99, "=1+1", hours=70)
    canceled = happened("ProposalCanceled", contract="OversightGovernor", hours=71, proposal_id=99)
    await store.run(put, *events, proposal, canceled)
    first = (await shown(blind_client, "/proposals")).partition('id="decided"')[2]
    assert "61 votes, the newest first" in first
    assert first.index("Its proposer has withdrawn it.") < first.index("case 60")
    assert "Page 1 of 2" in first
    second = (await shown(blind_client, "/proposals?page=2")).partition('id="decided"')[2]
    assert re.findall(r"case (\d+):", second) == [str(case) for case in range(11, 0, -1)]
    assert "The vote passed and was carried out." in second
    assert "The vote was rejected." in second
    assert "It ended without a decision." in second


async def test_proposals__another_vote_decided_first__is_over_though_its_time_is_not(
    blind_client: httpx.AsyncClient, store: Store
) -> None:
    opened = happened(
        "CaseOpened", hours=1, model_id=1, case_id=1, kind=0, details={"version": 1, "epoch": 0}
    )
    changed = state_changed(1, 1, 3, hours=2, case=2, epoch=1), state_changed(1, 3, 1, hours=3, epoch=2)
    await store.run(put, registered(1, "lending"), opened, *changed)
    live, _, decided = (await shown(blind_client, "/proposals")).partition('id="decided"')
    assert "case 1:" not in live
    assert "Another vote has decided on the model since" in decided


async def test_ballot__voted_on__lists_who_and_how(
    client: httpx.AsyncClient, voting: Voting, store: Store
) -> None:
    holders = voting.holders
    for holder, support in zip(holders[:3], (1, 0, 2), strict=True):
        voting.chain.send(voting.governor.functions.castVote(voting.proposal_id, support), holder)
    assert "Nobody yet, as far as the chain has been read." in await shown(client, "/b/1")
    await read_chain(voting.chain, store)
    text = (await shown(client, "/b/1")).partition('id="voters"')[2]
    assert "3 ballots, the newest first" in text
    found = re.findall(r"<code[^>]*>(0x[^<]+)</code></a> <strong>(\w+)</strong>, ([^<]+) <span", text)
    short = [f"{one.address[:6]}…{one.address[-4:]}" for one in holders[:3]]
    assert found == [
        (short[2], "Abstain", "170,000 votes (17.0 %)"),
        (short[1], "Against", "250,000 votes (25.0 %)"),
        (short[0], "For", "400,000 votes (40.0 %)"),
    ]


async def test_proposal__voted_on__lists_who_and_how(
    client: httpx.AsyncClient, voting: Voting, store: Store
) -> None:
    proposing = Proposing(voting.chain)
    proposal = proposing.propose([proposing.admit()], "Admit Observatory")
    voting.chain.send(proposing.governor.functions.castVote(proposal, 1), voting.holders[1])
    await read_chain(voting.chain, store)
    text = (await shown(client, "/p/1")).partition('id="voters"')[2]
    assert "1 ballot, the newest first" in text
    assert "<strong>For</strong>, 250,000 votes (25.0 %)" in text
