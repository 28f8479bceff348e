"""Requests that mean harm: signatures for something else, forged names, other methods, bodies, replays."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from eth_account.messages import encode_defunct
from sqlmodel import Session, select

from tribune.ballots.cases.view import read_case_vote
from tribune.ballots.typed_data import ballot_typed_data
from tribune.ids import Address, CaseId, ProposalId
from tribune.store.queries import wallets_of
from tribune.store.session import Store
from tribune.store.tables import StoredBallot

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

    from support.voting import Voting
    from tribune.web.site import Site

HTML = {"accept": "text/html"}
USER, OTHER = 80351110224678912, 80351110224678913


def site_of(client: httpx.AsyncClient) -> Site:
    transport = client._transport
    assert isinstance(transport, httpx.ASGITransport)
    site: Site = transport.app.state.site  # type: ignore[attr-defined]
    return site


def kept_ballots(session: Session) -> int:
    return len(session.exec(select(StoredBallot)).all())


@pytest.mark.parametrize("change", ["proposal", "chain", "support", "reason", "governor", "voter"])
async def test_post_ballot__signature_for_something_else__403_and_nothing_is_kept(
    client: httpx.AsyncClient, voting: Voting, store: Store, change: str
) -> None:
    voter = voting.holders[0]
    signed: dict[str, Any] = {
        "chain_id": 31337,
        "governor": Address(voting.governor.address),
        "proposal_id": voting.proposal_id,
        "voter": Address(voter.address),
        "support": 1,
        "reason": "harm",
    }
    changes: dict[str, dict[str, Any]] = {
        "proposal": {"proposal_id": ProposalId(voting.proposal_id ^ 1)},
        "chain": {"chain_id": 1},
        "support": {"support": 0},
        "reason": {"reason": "no harm"},
        "governor": {"governor": Address(voting.chain.contracts["KillSwitch"].address)},
        "voter": {"voter": Address(voting.holders[1].address)},
    }
    signed |= changes[change]
    signature = voter.sign_typed_data(full_message=ballot_typed_data(**signed)).signature.hex()
    sent = {"voter": voter.address, "support": 1, "reason": "harm", "signature": f"0x{signature}"}
    answer = await client.post("/api/ballots/1", json=sent)
    assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[1]) == (403, "wrong-signature")
    assert await store.read(kept_ballots) == 0


async def test_post_ballot__signature_that_was_taken__counts_once(
    client: httpx.AsyncClient, voting: Voting, store: Store
) -> None:
    voter = voting.holders[0]
    sent = {"voter": voter.address, "support": 1, "signature": voting.sign(voter, 1)}
    answers = [await client.post("/api/ballots/1", json=sent) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {202}
    assert await store.read(kept_ballots) == 1


async def test_post_ballot__wallet_that_is_not_on_the_chain_yet__says_what_to_do(
    client: httpx.AsyncClient, voting: Voting
) -> None:
    """Wallets mark such a signature by its end (ERC-6492)."""
    sent = {"voter": "0x" + "12" * 20, "support": 1, "signature": "0x" + "00" * 96 + "6492" * 16}
    answer = await client.post("/api/ballots/1", json=sent)
    assert answer.status_code == 403
    assert "not on the chain yet" in answer.json()["detail"]


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "POST"])
@pytest.mark.parametrize(
    "path", ["/", "/b/1", "/api/ballots/1/message", "/api/ballots/1/0x00", "/evidence/x"]
)
async def test_pages__method_that_is_not_theirs__405(
    client: httpx.AsyncClient, method: str, path: str
) -> None:
    answer = await client.request(method, path, headers={"X-HTTP-Method-Override": "GET"})
    assert answer.status_code == 405
    assert answer.json()["title"] == "That cannot be done here"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_api__method_that_changes_ballots__405(client: httpx.AsyncClient, method: str) -> None:
    assert (await client.request(method, "/api/ballots/1")).status_code == 405


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
)
async def test_post_ballot__sent_as_another_site_could__400(
    client: httpx.AsyncClient, voting: Voting, kind: str
) -> None:
    """A form of another site cannot send application/json without asking first."""
    sent = {"voter": voting.holders[0].address, "support": 1, "signature": voting.sign(voting.holders[0], 1)}
    answer = await client.post("/api/ballots/1", content=json.dumps(sent), headers={"content-type": kind})
    assert answer.status_code == 400


async def test_post_ballot__body_without_an_end__is_not_read_on(client: httpx.AsyncClient) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1
            yield b"x" * 4096

    answer = await client.post(
        "/api/ballots/1", content=endless(), headers={"content-type": "application/json"}
    )
    assert answer.status_code == 400
    assert read < 20


@pytest.mark.parametrize(
    "path",
    [
        "/b/1%0a",
        "/b/0x1",
        "/b/%00",
        "/b/1%2f..%2f2",
        "/b/18446744073709551616",
        "/api/ballots/1/0xzz",
        "/api/ballots/1/message",
        "/api/ballots/1/message?voter=0x00&support=1",
        "/link/" + "a" * 3000,
        "/link/%00?wallet=0x" + "1" * 40,
        "/static/..%2f..%2fapp.py",
        "/static/%2e%2e/app.py",
        "/evidence/%2e%2e%2f/view",
    ],
)
async def test_pages__forged_name__refused_in_plain_words(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path, headers=HTML)
    assert answer.status_code in (400, 404, 410)
    assert "Traceback" not in answer.text
    assert "import" not in answer.text


@pytest.mark.parametrize("support", ["3", "-1", "", "1.0", "٠", "0x1", "for"])
async def test_get_message__no_such_choice__400(client: httpx.AsyncClient, support: str) -> None:
    asked = {"voter": "0x" + "1" * 40, "support": support}
    assert (await client.get("/api/ballots/1/message", params=asked)).status_code == 400


async def test_get_message__reason_that_is_no_text__400(client: httpx.AsyncClient) -> None:
    asked = {"voter": "0x" + "1" * 40, "support": "1", "reason": "x" * 501}
    assert (await client.get("/api/ballots/1/message", params=asked)).status_code == 400


async def test_get_page__names_with_markup__are_only_text(client: httpx.AsyncClient) -> None:
    """What others chose (a model's name, a finding) opens no element, attribute or script anywhere."""
    site = site_of(client)
    vote = await read_case_vote(site.contracts, site.documents, CaseId(1))
    evil = """</title><script>alert(1)</script>'"><img src=x onerror=alert(1)>{{ 7*7 }}"""
    words = replace(vote.words, finding=evil, why=evil, question=evil)
    hostile = replace(
        vote,
        question=evil,
        words=words,
        model=replace(vote.model, name=evil),
        call=replace(vote.call, text=evil),
    )
    text = await render(site, hostile)
    assert not re.search(r"<script(?![^>]*\bsrc=)|<img src=x|<img(?![^>]*\balt=)", text)
    assert "49" not in re.findall(r"<h1>(.*)</h1>", text)[0]
    assert "&lt;script&gt;alert(1)" in text


async def test_get_page__calls_differ_from_words__says_do_not_sign_and_gives_no_ballot(
    client: httpx.AsyncClient, voting: Voting
) -> None:
    site = site_of(client)
    vote = await read_case_vote(site.contracts, site.documents, CaseId(1))
    text = await render(
        site, replace(vote, call=replace(vote.call, matches=False, text="KillSwitch.halt(forever)"))
    )
    assert "This does not match the text above. Do not sign it." in text
    assert "It would run <code>KillSwitch.halt(forever)</code>." in text
    assert 'id="sign"' not in text
    assert "Download the message" not in text


async def test_post_link__replayed_or_for_another_user__links_nobody(
    client: httpx.AsyncClient, voting: Voting, store: Store
) -> None:
    links, wallet = site_of(client).links, voting.holders[0]
    mine, theirs = [(await links.invite(user)).token for user in (USER, OTHER)]
    signed = await sign_link(client, mine, wallet)
    assert (await client.post(f"/link/{theirs}", json=signed)).status_code == 403
    assert await store.read(wallets_of, OTHER) == []
    for _ in range(3):  # looking, in any way, spends nothing
        assert (await client.get(f"/link/{mine}", headers=HTML)).status_code == 200
        assert (await client.head(f"/link/{mine}")).status_code == 200
    assert (await client.post(f"/link/{mine}", json=signed)).status_code == 200
    again = await client.post(f"/link/{mine}", json=signed)
    assert again.status_code == 410
    assert "not valid any more" in again.json()["detail"]


async def test_post_link__wallet_of_another_user__moves_and_says_so(
    client: httpx.AsyncClient, voting: Voting, store: Store
) -> None:
    links, wallet = site_of(client).links, voting.holders[0]
    for user, moved in ((OTHER, False), (USER, True), (USER, False)):
        token = (await links.invite(user)).token
        answer = await client.post(f"/link/{token}", json=await sign_link(client, token, wallet))
        assert answer.json()["moved"] is moved
    assert await store.read(wallets_of, OTHER) == []
    assert await store.read(wallets_of, USER) == [wallet.address]


async def sign_link(client: httpx.AsyncClient, token: str, wallet: LocalAccount) -> dict[str, str]:
    message = (await client.get(f"/link/{token}?wallet={wallet.address}")).json()["message"]
    signature = wallet.sign_message(encode_defunct(text=message)).signature.hex()
    return {"message": message, "signature": f"0x{signature.removeprefix('0x')}"}


async def render(site: Site, vote: Any) -> str:
    answer = await site.page(
        "ballot.html",
        vote=vote,
        phase="open",
        result="",
        closing=None,
        chart="/b/1/chart.png",
        reason_limit=500,
        voters=None,
        phones=site.phone_links("/b/1"),
    )
    return bytes(answer.body).decode()
