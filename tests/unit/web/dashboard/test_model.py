"""A model's pages: how it stands, what was measured, what happened, by which rules; and its badge."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from support.index import activated, happened, judged, policy_set, put, read_chain, registered, state_changed
from tribune.ids import Digest
from tribune.reports.canonical import canonical_bytes, cid
from tribune.reports.evidence_store import write_evidence
from tribune.store.session import Store

if TYPE_CHECKING:
    from support.voting import Voting

HTML = {"accept": "text/html"}
METRIC = "fairness.demographic_parity_difference.lower/SEX"
RULE = (METRIC, 0, 2, 0, 1, 1, 3, 3_000_000, 100_000, 0, 1_000_000)


async def shown(client: httpx.AsyncClient, address: str, status: int = 200) -> str:
    """Return a page, on one line."""
    answer = await client.get(address, headers=HTML)
    assert answer.status_code == status
    return " ".join(answer.text.split())


def version(profile: bytes, uri: str = "") -> Any:
    words = ("artifact", "evaluation_set", "training_data", "configuration")
    details: dict[str, Any] = {word: "0x" + "01" * 32 for word in words}
    details |= {"profile": "0x" + profile.hex(), "parent": 0, "registered_at": 0, "uri": uri}
    return happened("VersionRegistered", model_id=1, version=1, details=details)


@pytest.fixture
async def measured(store: Store, tmp_path: Path) -> Digest:
    """A model with three frames, of which the last broke a rule; return its evidence's digest."""
    from support.voting import documents

    profile, evidence, value = documents()
    write_evidence(tmp_path, profile)
    digest = Digest(hashlib.sha256(canonical_bytes(evidence)).digest())
    policy = "0x" + "aa" * 32
    await store.run(
        put,
        registered(1, "credit"),
        version(hashlib.sha256(canonical_bytes(profile)).digest(), "javascript:alert(1)"),
        policy_set(1, [RULE], digest=policy),
        activated(1),
        judged(1, 1, 20_000, policy=policy),
        judged(1, 2, -(2**63), policy=policy),
        judged(1, 3, value, hits=1, policy=policy, evidence="0x" + digest.hex()),
    )
    write_evidence(tmp_path, evidence)
    return digest


async def test_model__rule_broken__value_limit_and_groups_stand_there(
    blind_client: httpx.AsyncClient, measured: Digest
) -> None:
    text = await shown(blind_client, "/m/1")
    assert "<h1>credit v1</h1>" in text
    assert "✗ broken:</strong> <strong>" in text
    assert "limit 10 %" in text
    assert '<svg class="plot"' in text
    assert 'role="img" aria-label="' in text
    assert '<th scope="row">1</th><td>2 %</td>' in text  # the table beside the figure
    assert '<a href="/r/1/1/3">frame 3</a>' in text
    assert '<th scope="row">women</th><td>6 of 100' in text
    assert 'href="javascript:' not in text


async def test_model__evidence_gone__says_so_and_shows_what_the_chain_has(
    blind_client: httpx.AsyncClient, measured: Digest, tmp_path: Path
) -> None:
    (tmp_path / cid(measured)).unlink()
    text = await shown(blind_client, "/m/1")
    assert "No evidence store gives the newest report" in text
    assert '<svg class="plot"' in text


async def test_model__suspended__says_why_and_until_when(
    client: httpx.AsyncClient, voting: Voting, store: Store
) -> None:
    await read_chain(voting.chain, store)
    text = await shown(client, "/m/1")
    assert "It is stopped for a bounded time" in text
    assert '<a href="/i/1">Why: case 1</a>' in text
    assert "✗ Broke a rule</span>" in text
    assert "acs-employment v1 has been stopped: it treats women and men differently" in text
    assert "53 of 100 men and 6 of 100 women" in text


@pytest.mark.parametrize("page", ["/m/1", "/m/1/history", "/m/1/policy"])
async def test_pages__one_monitor_alone__say_so_beside_what_it_measured(
    blind_client: httpx.AsyncClient, store: Store, page: str
) -> None:
    alone = "one monitor, not independent"
    await store.run(put, registered(1, "credit"), activated(1), policy_set(1, [RULE]))
    assert alone not in await shown(blind_client, page)
    lonely = policy_set(1, [RULE], digest="0xbb", index=1, k=1, panel=["0x" + "1" * 40])
    await store.run(put, lonely)
    assert alone in await shown(blind_client, page)


async def test_history__paused_and_set_free__conclusion_and_deeds(
    client: httpx.AsyncClient, voting: Voting, store: Store
) -> None:
    from support.voting import holders_call
    from tribune.chain.enums import CaseKind

    chain = voting.chain
    for holder in voting.holders[:2]:
        chain.send(voting.governor.functions.castVote(voting.proposal_id, 1), holder)
    chain.send(voting.governor.functions.executeCase(1))
    conclusion = {"cause": "Ages came 40 years too high.", "fix": "The parser was mended."}
    digest = hashlib.sha256(canonical_bytes(conclusion)).digest()
    write_evidence(voting.folder, conclusion)
    chain.warp(1_000)
    holders_call(chain, CaseKind.HOLDER_RESUME, digest, voting.holders[:3])
    await read_chain(chain, store)
    text = await shown(client, "/m/1/history")
    assert "Cause: Ages came 40 years too high." in text
    assert "Fix: The parser was mended." in text
    assert "the vote passed: it stays stopped until another vote" in text
    assert "It was PAUSED by vote." in text
    assert '<svg class="service"' in text


async def test_policy__rules_panel_and_frames_in_words(
    client: httpx.AsyncClient, voting: Voting, store: Store
) -> None:
    await read_chain(voting.chain, store)
    text = await shown(client, "/m/1/policy")
    assert "Stop the model for a bounded time and open a vote when the gap in positive decisions" in text
    assert "By chance at most" in text
    assert "2 of 3 monitors must get exactly the same result." in text
    assert "No backtest is recorded with these rules." in text


async def test_policy__voted_with_a_backtest__shows_both(
    blind_client: httpx.AsyncClient, store: Store, tmp_path: Path
) -> None:
    rule = {"metric": RULE[0], "op": ">", "severity": "TRIP", "stage": "always", "m": 1, "w": 1}
    rule |= {"na_budget": 3, "z": 3_000_000, "limit": 100_000, "hits": [[4, 200_000]], "missing": 2}
    name = write_evidence(tmp_path, {"policies": [{"rules": [rule]}], "frames": [[0, 1, 1]] * 24})
    lane = "OversightGovernor"
    created = happened(
        "ProposalCreated",
        proposal_id=5,
        description=f"Watch groups\n\nBacktest: {name}",
        contract=lane,
        vote_start=0,
        vote_end=1,
    )
    executed = happened("ProposalExecuted", contract=lane, proposal_id=5)
    for event in (created, executed):
        event.proposal = "0x5"
    await store.run(put, registered(1, "credit"), created, executed, policy_set(1, [RULE]))
    text = await shown(blind_client, "/m/1/policy")
    assert '<a href="/p/1">Proposal 1: Watch groups</a>' in text
    assert "✓ of exactly these rules" in text
    assert "Replayed over 24 frames" in text
    assert "<td>1</td><td>2</td>" in text


async def test_pages__hostile_texts__escaped(blind_client: httpx.AsyncClient, store: Store) -> None:
    evil = "<script>alert(1)</script>"
    await store.run(
        put, registered(1, evil), version(bytes(32), evil), policy_set(1, [(evil, *RULE[1:])]), activated(1)
    )
    for address in ("/m/1", "/m/1/history", "/m/1/policy", "/badge/1.svg"):
        assert "<script>alert" not in await shown(blind_client, address)


@pytest.mark.parametrize("model", ["2", "0", "x", "9" * 50, "1%00"])
async def test_pages__no_such_model__404(blind_client: httpx.AsyncClient, store: Store, model: str) -> None:
    await store.run(put, registered(1, "credit"))
    for address in ("/m/{}", "/m/{}/history", "/m/{}/policy", "/badge/{}.svg"):
        await shown(blind_client, address.format(model), 404)


async def test_badge__state__is_told_to_all_and_may_be_kept(
    client: httpx.AsyncClient, voting: Voting, store: Store
) -> None:
    await read_chain(voting.chain, store)
    answer = await client.get("/badge/1.svg")
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert "<title>acs-employment: Suspended</title>" in answer.text
    assert answer.headers["cache-control"] == "public, max-age=30"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    again = await client.get("/badge/1.svg", headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_badge__chain_not_seen__shows_no_old_state(
    blind_client: httpx.AsyncClient, store: Store
) -> None:
    await store.run(put, registered(1, "credit"), activated(1), state_changed(1, 0, 1))
    assert "<title>credit: not known now</title>" in (await blind_client.get("/badge/1.svg")).text
