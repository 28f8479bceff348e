"""Who cannot see well, or uses no mouse: axe finds nothing on any page, in both schemes and sizes.

Here all pages as they are first seen, and what only readers see; what a voter meets: test_voter_access.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from integration.page_access import AXE, NO_AXE, look
from integration.test_call_page import HARM
from integration.test_proposal_page import drafted, proposed
from support.browser import SKIP_REASON, find_chromium
from support.index import judged, put, read_chain
from tribune.ballots.linking import WalletLinks

if TYPE_CHECKING:
    from integration.page_world import Stand

USER = 80351110224678912

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.chromium,
    pytest.mark.skipif(find_chromium() is None, reason=SKIP_REASON),
    pytest.mark.skipif(not AXE.is_file(), reason=NO_AXE),
]


async def test_pages__list_evidence_and_error__nothing_found(stand: Stand) -> None:
    from tribune.ballots.cases.view import read_case_vote
    from tribune.ballots.documents import Documents
    from tribune.ids import CaseId

    vote = await read_case_vote(stand.contracts, Documents([stand.voting.folder]), CaseId(1))
    await look(stand, f"{stand.url}/", "list", pairs=True)
    await look(stand, f"{stand.url}/evidence/{vote.evidence}/view", "evidence", pairs=True)
    await look(stand, f"{stand.url}/b/99", "error")


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "America/New_York"])
async def test_pages__times__are_in_the_visitors_zone_with_utc_beside_them(stand: Stand, zone: str) -> None:
    async with stand.opened("/b/1", locale="en", timezone_id=zone) as page:
        await page.wait_for_function("document.querySelector('time')?.title !== ''")
        when, shown, title = await page.evaluate(
            "(t => [t.dateTime, t.textContent, t.title])(document.querySelector('time'))"
        )
    moment = datetime.fromisoformat(when)
    assert " ".join(shown.split()).endswith(f"{moment.astimezone(ZoneInfo(zone)):%-I:%M:%S %p}")
    assert title == f"{moment:%Y-%m-%d %H:%M:%S} UTC"


async def test_pages__ballot__nothing_found(stand: Stand) -> None:
    await look(stand, f"{stand.url}/b/1", "ballot")


async def test_pages__ballot_over__nothing_found_and_says_how_it_went(stand: Stand) -> None:
    chain, governor = stand.voting.chain, stand.voting.governor.functions
    for holder in stand.voting.holders[:2]:
        chain.send(governor.castVote(stand.voting.proposal_id, 1), holder)
    chain.send(governor.executeCase(1))
    await look(stand, f"{stand.url}/b/1", "ballot-over")


async def test_pages__incident__nothing_found(stand: Stand) -> None:
    chain, governor = stand.voting.chain, stand.voting.governor.functions
    for holder in stand.voting.holders[:2]:
        chain.send(governor.castVote(stand.voting.proposal_id, 1), holder)
    chain.send(governor.executeCase(1))
    await read_chain(chain, stand.store)
    await look(stand, f"{stand.url}/i/1", "incident", pairs=True)


async def test_pages__votes_report_monitors_and_trail__nothing_found(stand: Stand) -> None:
    chain, governor = stand.voting.chain, stand.voting.governor.functions
    for holder, support in zip(stand.voting.holders[:3], (1, 0, 2), strict=True):
        chain.send(governor.castVote(stand.voting.proposal_id, support), holder)
    await read_chain(chain, stand.store)
    await look(stand, f"{stand.url}/proposals", "proposals", pairs=True)
    await look(stand, f"{stand.url}/r/1/1/0", "report", pairs=True)
    await look(stand, f"{stand.url}/monitors", "monitors", pairs=True)
    await look(stand, f"{stand.url}/monitors/{chain.monitors[0].address}", "monitor", pairs=True)
    await look(stand, f"{stand.url}/audit?kind=everything", "audit", pairs=True)
    await look(stand, f"{stand.url}/audit?model=nothing&from=yesterday&who=me", "audit-refused", pairs=True)
    await look(stand, f"{stand.url}/b/1", "ballot-voters")


async def test_pages__link__nothing_found(stand: Stand) -> None:
    links = WalletLinks(stand.store, stand.contracts.chain, stand.url)
    await look(stand, (await links.invite(USER)).url, "link")


async def test_pages__delegation__nothing_found(stand: Stand) -> None:
    await look(stand, f"{stand.url}/delegate?to={stand.voting.chain.steward.address}", "delegate")


async def test_pages__call__nothing_found(stand: Stand) -> None:
    from tribune.ballots.documents import Documents
    from tribune.ballots.holders.beginning import begin_call, plan_call
    from tribune.chain.enums import CaseKind
    from tribune.ids import ModelId

    folder, stop = stand.voting.folder, CaseKind.HOLDER_PAUSE
    plan = await plan_call(stand.contracts, [folder], stop, ModelId(1), HARM)
    await begin_call(stand.store, stand.contracts, Documents([folder]), plan.cid)
    await look(stand, f"{stand.url}/c/1", "call")


async def test_pages__draft_and_proposal__nothing_found(stand: Stand) -> None:
    await look(stand, f"{stand.url}{await drafted(stand)}", "draft")
    await proposed(stand)
    await look(stand, f"{stand.url}/p/1", "proposal")


async def test_pages__model_history_and_rules__nothing_found(stand: Stand) -> None:
    from tribune.store.happenings import events_of_model

    await read_chain(stand.voting.chain, stand.store)
    [policy] = await stand.store.read(events_of_model, 1, ["PolicySet"])
    [opened_case] = await stand.store.read(events_of_model, 1, ["CaseOpened"])
    of = {"policy": policy.args["digest"], "evidence": opened_case.args["details"]["evidence"]}
    frames = ((1, 20_000, 0), (2, 30_000, 0), (4, 410_000, 1))
    await stand.store.run(put, *(judged(1, frame, value, hits=hits, **of) for frame, value, hits in frames))
    await look(stand, f"{stand.url}/", "overview", pairs=True)
    await look(stand, f"{stand.url}/m/1", "model", pairs=True)
    await look(stand, f"{stand.url}/m/1/history", "history", pairs=True)
    await look(stand, f"{stand.url}/m/1/policy", "policy", pairs=True)
