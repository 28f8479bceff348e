"""Pages and API of slow-lane proposals and drafts, asked in process."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tribune.ballots.contracts import VoteContracts
from tribune.ballots.documents import Documents
from tribune.ballots.slow_lane.drafts import draft_monitor
from tribune.chain.client import Chain
from tribune.chain.deployments import load_deployment
from tribune.chain.facade import Tribune
from tribune.ids import Address
from tribune.store.session import Store
from tribune.sync.indexer import Indexer

if TYPE_CHECKING:
    from pathlib import Path

    from support.proposing import Proposing
    from support.voting import Voting

ACCOUNT = "0x00000000000000000000000000000000DeaDBeef"


@pytest.fixture
def proposing(voting: Voting) -> Proposing:
    from support.proposing import Proposing

    return Proposing(voting.chain)


class Index:
    """Reads the chain into the pages' store, and makes drafts there, as the bot does."""

    def __init__(self, voting: Voting, store: Store, folder: Path) -> None:
        voting.chain.write_record(folder)
        self.url, self.store = voting.chain.anvil.http_url, store
        self.deployment = load_deployment(folder, 31337)

    async def catch_up(self) -> None:
        async with Chain(self.url, chain_id=31337) as chain:
            await Indexer.of(Tribune(chain, self.deployment), self.store).catch_up()

    async def draft(self, account: str = ACCOUNT, *, admit: bool = True) -> str:
        async with Chain(self.url, chain_id=31337) as chain:
            made = await draft_monitor(
                self.store,
                VoteContracts(chain, self.deployment),
                Documents([]),
                account=Address(account),
                name="Observatory",
                uri="",
                admit=admit,
                why="They are good.",
            )
            return made.draft_id


@pytest.fixture
def index(voting: Voting, store: Store, tmp_path: Path) -> Index:
    return Index(voting, store, tmp_path)


@pytest.fixture
async def proposed(proposing: Proposing, index: Index) -> Proposing:
    proposing.propose([proposing.admit()], "Free beer for everybody")
    await index.catch_up()
    return proposing


async def signed(client: httpx.AsyncClient, account: Any, support: int, reason: str = "") -> dict[str, Any]:
    """Do what static/ballot.js does: fetch the typed data, fill it in, sign it."""
    answer = (await client.get(f"/api/proposals/1?voter={account.address}")).json()
    data = answer["typed_data"]["extended_ballot" if reason else "ballot"]
    data["message"] |= {"voter": account.address, "support": support}
    if reason:
        data["message"]["reason"] = reason
    signature = bytes(account.sign_typed_data(full_message=data).signature).hex()
    return {"voter": account.address, "support": support, "reason": reason, "signature": f"0x{signature}"}


async def test_get_proposal__title_and_words__are_those_of_the_calls(
    client: httpx.AsyncClient, proposed: Proposing
) -> None:
    answer = (await client.get("/api/proposals/1")).json()
    assert answer["title"] == "Admit the monitor Observatory"
    assert answer["claim"] == "Free beer for everybody"
    assert answer["calls"][0]["known"] is True
    assert (answer["state"], answer["open"]) == ("active", True)


@pytest.mark.parametrize("reason", ["", "They are good."])
async def test_post_ballot__signed_as_told__queued(
    client: httpx.AsyncClient, proposed: Proposing, reason: str
) -> None:
    account = proposed.holders[0]
    posted = await client.post("/api/proposals/1", json=await signed(client, account, 1, reason))
    assert (posted.status_code, posted.json()["status"]) == (202, "queued")
    found = (await client.get(posted.json()["ballot"])).json()
    assert (found["status"], found["choice"]) == ("queued", "For")
    told = (await client.get(f"/api/proposals/1?voter={account.address}")).json()
    assert told["ballot"]["status"] == "queued"


async def test_post_ballot__of_a_stale_nonce__says_sign_again(
    client: httpx.AsyncClient, proposed: Proposing, index: Index
) -> None:
    voter, first = proposed.holders[0], proposed.proposal_id
    body = await signed(client, voter, 1)
    proposed.propose([proposed.admit("Another")], "Another")
    elsewhere = bytes.fromhex(proposed.sign(voter, 1, nonce=0)[2:])
    cast = proposed.governor.functions.castVoteBySig(proposed.proposal_id, 1, voter.address, elsewhere)
    proposed.chain.send(cast)
    answer = await client.post("/api/proposals/1", json=body)
    assert (answer.status_code, answer.json()["type"]) == (409, "https://dao.example/problems/stale-ballot")
    assert "Sign again" in answer.json()["mend"]
    assert not proposed.governor.functions.hasVoted(first, voter.address).call()


async def test_post_ballot__no_power__problem(client: httpx.AsyncClient, proposed: Proposing) -> None:
    answer = await client.post("/api/proposals/1", json=await signed(client, proposed.chain.steward, 1))
    assert answer.status_code == 403


@pytest.mark.parametrize("name", ["2", "0", "x", "٣", "9" * 200, "1;2"])
async def test_get_page__forged_number__404(
    client: httpx.AsyncClient, proposed: Proposing, name: str
) -> None:
    assert (await client.get(f"/p/{name}")).status_code == 404
    assert (await client.get(f"/api/proposals/{name}")).status_code == 404


async def test_get_page__proposal__says_what_runs_and_who_claims_what(
    client: httpx.AsyncClient, proposed: Proposing
) -> None:
    page = (await client.get("/p/1")).text
    assert "<h1>Admit the monitor Observatory</h1>" in page
    assert f"Admits {ACCOUNT} as the monitor “Observatory”" in page
    assert page.index("What runs if this passes") < page.index("Free beer for everybody")
    assert "Nobody has checked this" in page


async def test_get_page__hostile_texts__are_escaped(
    client: httpx.AsyncClient, proposing: Proposing, index: Index
) -> None:
    evil = "<script>alert(1)</script>"
    proposing.propose([proposing.admit(evil)], evil)
    await index.catch_up()
    page = (await client.get("/p/1")).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


async def test_get_page__unknown_call__flagged_and_raw(
    client: httpx.AsyncClient, proposing: Proposing, index: Index
) -> None:
    proposing.propose([(ACCOUNT, 0, b"\x12\x34\x56\x78")], "Nothing to see")
    await index.catch_up()
    page = (await client.get("/p/1")).text
    assert "✗ We cannot say in words what this does." in page
    assert f"{ACCOUNT}: 0x12345678" in page


@pytest.mark.parametrize("seconds", [0, 7, 1_000])
async def test_get_page__every_state__is_a_page(
    client: httpx.AsyncClient, proposing: Proposing, index: Index, seconds: int
) -> None:
    proposing.propose([proposing.admit()], "Admit it", begun=False)
    if seconds:
        proposing.chain.warp(seconds)
    await index.catch_up()
    assert (await client.get("/p/1")).status_code == 200


async def test_get_page__german__is_answered(client: httpx.AsyncClient, proposed: Proposing) -> None:
    answer = await client.get("/p/1?lang=de")
    assert (answer.status_code, answer.headers["content-language"]) == (200, "de")


async def test_get_draft__with_a_wallet__gives_the_transaction_that_it_sends(
    client: httpx.AsyncClient, proposing: Proposing, index: Index
) -> None:
    name, holder = await index.draft(), proposing.holders[0]
    proposing.chain.warp(1)
    page = (await client.get(f"/p/draft/{name}")).text
    assert "<h1>Admit the monitor Observatory</h1>" in page
    assert "it works" in page
    answer = (await client.get(f"/api/drafts/{name}?proposer={holder.address}")).json()
    assert (answer["refusal"], answer["number"]) == (None, None)
    assert answer["power_text"] == "400,000 votes; 100 are needed"
    given = answer["transaction"]
    sent = proposing.chain.web3.eth.send_transaction(
        {"from": holder.address, "to": given["to"], "data": given["data"]}
    )
    assert proposing.chain.web3.eth.wait_for_transaction_receipt(sent)["status"] == 1
    await index.catch_up()
    answer = (await client.get(f"/api/drafts/{name}?proposer={holder.address}")).json()
    assert answer["page"] == "/p/1"


async def test_get_draft__wallet_without_votes__says_how_many_it_needs(
    client: httpx.AsyncClient, proposing: Proposing, index: Index
) -> None:
    name = await index.draft()
    stranger = proposing.chain.steward.address
    answer = (await client.get(f"/api/drafts/{name}?proposer={stranger}")).json()
    assert "too few votes" in answer["refusal"]
    assert answer["power_text"] == "0 votes; 100 are needed"


async def test_get_draft__that_would_fail__says_so(
    client: httpx.AsyncClient, proposing: Proposing, index: Index
) -> None:
    monitor = proposing.chain.monitors[0].address
    name = await index.draft(monitor, admit=False)
    registry = proposing.chain.contracts["MonitorRegistry"].functions
    proposing.chain.as_timelock(registry.dismiss(monitor))
    assert "it would fail" in (await client.get(f"/p/draft/{name}")).text


@pytest.mark.parametrize("name", ["x", "%00", "a" * 3_000])
async def test_get_draft_page__forged_id__404(client: httpx.AsyncClient, name: str) -> None:
    assert (await client.get(f"/p/draft/{name}")).status_code == 404
    assert (await client.get(f"/api/drafts/{name}")).status_code == 404


async def test_get_page__no_governor_in_the_record__offers_the_plan(
    client: httpx.AsyncClient, proposed: Proposing
) -> None:
    site = client._transport.app.state.site  # type: ignore[attr-defined]
    known = site.contracts.deployment
    addresses = {n: a for n, a in known.addresses.items() if n != "OversightGovernor"}
    object.__setattr__(
        site, "contracts", VoteContracts(site.contracts.chain, replace(known, addresses=addresses))
    )
    answer = await client.get("/p/1")
    assert answer.status_code == 404
    assert "--plan" in answer.text


async def test_get_message__signed_with_any_tool__is_taken(
    client: httpx.AsyncClient, proposed: Proposing
) -> None:
    account = proposed.holders[0]
    asked = {"voter": account.address, "support": "0", "reason": "No"}
    answer = await client.get("/api/proposals/1/message", params=asked)
    assert "attachment" in answer.headers["content-disposition"]
    signature = bytes(account.sign_typed_data(full_message=answer.json()).signature).hex()
    body = {"voter": account.address, "support": 0, "reason": "No", "signature": f"0x{signature}"}
    assert (await client.post("/api/proposals/1", json=body)).status_code == 202


async def test_get_index__proposal__listed_by_what_its_calls_do(
    client: httpx.AsyncClient, proposed: Proposing
) -> None:
    page = (await client.get("/")).text
    assert '<a href="/p/1">Proposal 1: Admit the monitor Observatory</a>' in page
    assert "Free beer" not in page


async def test_get_page__proposer_turns_the_reading_direction__reads_as_it_is(
    client: httpx.AsyncClient, proposing: Proposing, index: Index
) -> None:
    proposing.propose([proposing.admit("Good\u202e0x00\u2066")], "Trust \u202e0x11\u200f")
    await index.catch_up()
    text = (await client.get("/p/1")).text
    assert "0x11" in text
    assert not set(text) & set("\u202e\u2066\u200f")
