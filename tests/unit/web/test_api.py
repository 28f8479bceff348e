"""The ballots' API as a wallet's script uses it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from unit.web.shown import shown

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

    from support.voting import Voting


def body(voting: Voting, account: LocalAccount, support: int = 1, reason: str = "") -> dict[str, Any]:
    return {
        "voter": account.address,
        "support": support,
        "reason": reason,
        "signature": voting.sign(account, support, reason),
    }


async def test_get_ballot__open_vote__says_all_that_the_page_needs(
    client: httpx.AsyncClient, voting: Voting
) -> None:
    answer = (await client.get("/api/ballots/1")).json()
    assert answer["question"] == "Keep acs-employment v1 stopped?"
    assert answer["proposal_id"] == str(voting.proposal_id)
    assert answer["model"] == {"id": 1, "name": "acs-employment", "version": 1}
    assert answer["call"]["text"] == "KillSwitch.pause(model 1)"
    assert answer["call"]["matches"] is True
    assert (answer["state"], answer["chain_id"]) == ("active", 31337)
    assert int(answer["tally"]["quorum"]) == 200_000 * 10**18
    assert answer["typed_data"]["ballot"]["primaryType"] == "Ballot"


async def test_get_ballot__typed_data_filled_in_and_signed__is_accepted(
    client: httpx.AsyncClient, voting: Voting
) -> None:
    account = voting.holders[0]
    data = (await client.get("/api/ballots/1")).json()["typed_data"]["extended_ballot"]
    data["message"] |= {"voter": account.address, "support": 1, "reason": "unfair"}
    signed = account.sign_typed_data(full_message=data).signature
    ballot = {"voter": account.address, "support": 1, "reason": "unfair", "signature": "0x" + signed.hex()}
    assert (await client.post("/api/ballots/1", json=ballot)).status_code == 202


async def test_voting_page__its_commands__get_a_message_that_is_signed_and_taken(
    client: httpx.AsyncClient, voting: Voting
) -> None:
    get, post, _own = shown("voting.md")
    account = voting.holders[0]
    assert get.body is None
    asked = get.query | {"voter": account.address}
    message = (await client.get(get.path.replace("/7", "/1"), params=asked)).json()
    assert post.body is not None
    signature = account.sign_typed_data(full_message=message).signature.hex()
    sent = post.body | {"voter": account.address, "signature": f"0x{signature.removeprefix('0x')}"}
    assert set(sent) == set(post.body)
    assert (await client.post(post.path.replace("/7", "/1"), json=sent)).status_code == 202


async def test_get_ballot__with_voter__says_power_at_the_snapshot(
    client: httpx.AsyncClient, voting: Voting
) -> None:
    answer = (await client.get(f"/api/ballots/1?voter={voting.holders[0].address}")).json()
    assert (answer["power"], answer["has_voted"]) == (str(400_000 * 10**18), False)
    assert answer["power_text"] == "400,000 votes (40.0 %)"


async def test_post_ballot__signed__queued_and_found_again(client: httpx.AsyncClient, voting: Voting) -> None:
    account = voting.holders[0]
    posted = await client.post("/api/ballots/1", json=body(voting, account))
    assert posted.status_code == 202
    assert posted.json()["status"] == "queued"
    found = (await client.get(posted.json()["ballot"])).json()
    assert (found["status"], found["support"], found["block"]) == ("queued", 1, None)


async def test_post_ballot__lower_case_address__is_the_same_voter(
    client: httpx.AsyncClient, voting: Voting
) -> None:
    account = voting.holders[0]
    sent = body(voting, account) | {"voter": account.address.lower()}
    posted = await client.post("/api/ballots/1", json=sent)
    assert posted.json()["ballot"] == f"/api/ballots/1/{account.address}"


async def test_post_ballot__no_power__problem_with_the_mend(
    client: httpx.AsyncClient, voting: Voting
) -> None:
    answer = await client.post("/api/ballots/1", json=body(voting, voting.chain.steward))
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["type"] == "https://dao.example/problems/no-voting-power"
    assert "delegated" in problem["mend"]


@pytest.mark.parametrize(
    "change",
    [
        {"voter": "0x12"},
        {"voter": None},
        {"support": "1"},
        {"support": True},
        {"support": 7},
        {"reason": ["x"]},
        {"reason": "x" * 501},
        {"signature": ""},
        {"signature": 5},
    ],
)
async def test_post_ballot__malformed__400(
    client: httpx.AsyncClient, voting: Voting, change: dict[str, Any]
) -> None:
    answer = await client.post("/api/ballots/1", json=body(voting, voting.holders[0]) | change)
    assert answer.status_code == 400
    assert answer.json()["mend"]


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"[" * 20_000, b"\xff\xfe"])
async def test_post_ballot__no_json_object__400(client: httpx.AsyncClient, content: bytes) -> None:
    answer = await client.post(
        "/api/ballots/1", content=content, headers={"content-type": "application/json"}
    )
    assert answer.status_code == 400


async def test_post_ballot__too_long__400(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/ballots/1", json={"reason": "x" * 40_000})
    assert answer.status_code == 400
    assert "too long" in answer.json()["detail"]


async def test_post_ballot__as_a_form__400(client: httpx.AsyncClient) -> None:
    assert (await client.post("/api/ballots/1", data={"voter": "x"})).status_code == 400


@pytest.mark.parametrize("case", ["0", "99", "x", "-1", "1e3", "٣", "9" * 30])
async def test_get_ballot__no_such_case__404(client: httpx.AsyncClient, case: str) -> None:
    answer = await client.get(f"/api/ballots/{case}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


async def test_get_ballot_status__has_not_voted__404(client: httpx.AsyncClient, voting: Voting) -> None:
    assert (await client.get(f"/api/ballots/1/{voting.holders[0].address}")).status_code == 404


async def test_get_ballot_status__voted_without_us__mined(client: httpx.AsyncClient, voting: Voting) -> None:
    voter = voting.holders[3]
    receipt = voting.chain.send(voting.governor.functions.castVote(voting.proposal_id, 0), voter)
    found = (await client.get(f"/api/ballots/1/{voter.address}")).json()
    assert (found["status"], found["choice"]) == ("mined", "Against")
    assert (found["block"], found["weight_text"]) == (receipt["blockNumber"], "100,000 votes")


async def test_get_ballot__node_silent__503_and_when_to_ask_again(blind_client: httpx.AsyncClient) -> None:
    answer = await blind_client.get("/api/ballots/1")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert answer.json()["title"] == "We cannot see the chain"
