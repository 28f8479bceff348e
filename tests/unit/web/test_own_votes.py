"""Voting by a transaction of one's own, as a wallet's script asks for it: tried first, priced, followed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hexbytes import HexBytes

from tribune.ballots.own_vote import coins
from tribune.language import Language, spoken
from unit.web.shown import shown

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

    from support.voting import Voting


async def ask(client: httpx.AsyncClient, account: LocalAccount, **more: Any) -> httpx.Response:
    asked = {"voter": account.address, "support": 1, **more}
    return await client.get("/api/ballots/1/transaction", params=asked)


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rsplit("/", 1)[-1]


def send(voting: Voting, account: LocalAccount, transaction: dict[str, str], **more: str) -> str:
    sent: str = voting.chain.rpc("eth_sendTransaction", {"from": account.address, **transaction, **more})
    voting.chain.web3.eth.wait_for_transaction_receipt(HexBytes(sent))
    return sent


@pytest.mark.parametrize(("reason", "function"), [("", "castVote"), ("unfair", "castVoteWithReason")])
async def test_get_transaction__sent_as_it_is__counts(
    client: httpx.AsyncClient, voting: Voting, reason: str, function: str
) -> None:
    voter = voting.holders[2]
    answer = (await ask(client, voter, reason=reason)).json()
    called, arguments = voting.governor.decode_function_input(answer["transaction"]["data"])
    assert (called.fn_name, arguments.get("reason", "")) == (function, reason)
    before = voting.chain.web3.eth.get_balance(voter.address)
    tx = send(voting, voter, answer["transaction"])
    paid = before - voting.chain.web3.eth.get_balance(voter.address)
    assert 0.5 < paid / int(answer["fee"]) < 2
    assert answer["fee_text"].endswith(" ETH")
    found = (await client.get(f"/api/ballots/1/{voter.address}", params={"tx": tx})).json()
    assert (found["status"], found["choice"], found["tx"]) == ("mined", "For", tx)


async def test_voting_page__its_command__gets_a_transaction_that_counts(
    client: httpx.AsyncClient, voting: Voting
) -> None:
    *_signed, own = shown("voting.md")
    voter = voting.holders[0]
    asked = own.query | {"voter": voter.address}
    answer = await client.get(own.path.replace("/7", "/1"), params=asked)
    send(voting, voter, answer.json()["transaction"])
    assert voting.governor.functions.hasVoted(voting.proposal_id, voter.address).call()


@pytest.mark.parametrize(
    "asked",
    [{"voter": "0x12"}, {"support": "7"}, {"support": "for"}, {"reason": "x" * 501}, {"reason": "\x07"}],
)
async def test_get_transaction__malformed__400(
    client: httpx.AsyncClient, voting: Voting, asked: dict[str, str]
) -> None:
    answer = await ask(client, voting.holders[0], **asked)
    assert answer.status_code == 400
    assert answer.json()["mend"]


async def test_get_transaction__would_not_count__says_why(client: httpx.AsyncClient, voting: Voting) -> None:
    voter = voting.holders[3]
    assert problem(await ask(client, voting.chain.steward)) == (403, "no-voting-power")
    voting.chain.send(voting.governor.functions.castVote(voting.proposal_id, 0), voter)
    assert problem(await ask(client, voter)) == (409, "already-voted")
    voting.chain.warp(700)
    assert problem(await ask(client, voting.holders[0])) == (409, "vote-not-open")


async def test_get_transaction__overtaken__refused_and_so_is_a_ballot(
    client: httpx.AsyncClient, voting: Voting
) -> None:
    from support.voting import decided_otherwise

    decided_otherwise(voting.chain)
    assert (await client.get("/api/ballots/1")).json()["state"] == "active"
    voter = voting.holders[0]
    ballot = {"voter": voter.address, "support": 1, "reason": "", "signature": voting.sign(voter, 1)}
    for answer in (await ask(client, voter), await client.post("/api/ballots/1", json=ballot)):
        assert problem(answer) == (409, "vote-not-open")
        assert answer.json()["detail"].startswith("Another vote has decided on the model since")


@pytest.mark.parametrize(
    ("wei", "words"),
    [(0, "This wallet has no ETH to pay"), (10**6, "This wallet holds 0.0000000000010 ETH")],
)
async def test_get_transaction__too_few_coins__says_what_it_has(
    client: httpx.AsyncClient, voting: Voting, wei: int, words: str
) -> None:
    voting.chain.rpc("anvil_setBalance", voting.holders[0].address, hex(wei))
    answer = await ask(client, voting.holders[0])
    assert problem(answer) == (409, "no-coins")
    assert answer.json()["detail"].startswith(words)


async def test_get_transaction__contract_without_coins__its_owners_may_pay(
    client: httpx.AsyncClient, voting: Voting
) -> None:
    voter = voting.holders[0]
    voting.chain.rpc("anvil_setBalance", voter.address, "0x0")
    voting.chain.rpc("anvil_setCode", voter.address, "0x00")
    assert (await ask(client, voter)).status_code == 200


async def test_get_status__own_transaction__sent_then_refused_with_the_reason(
    client: httpx.AsyncClient, voting: Voting
) -> None:
    voter = voting.holders[0]
    transaction = (await ask(client, voter)).json()["transaction"]

    async def look(tx: str) -> dict[str, Any]:
        found: dict[str, Any] = (
            await client.get(f"/api/ballots/1/{voter.address}", params={"tx": tx})
        ).json()
        return found

    for unknown in ("", "0x12", "0x" + "0" * 64):
        assert await look(unknown) == {"status": "sent", "voter": voter.address, "error": None}
    found = await look(send(voting, voter, transaction, gas=hex(30_000)))
    assert found["status"] == "refused"
    assert "it did not count, and its fee is spent. Look in your wallet why" in found["error"]
    voting.chain.warp(700)
    found = await look(send(voting, voter, transaction, gas=hex(500_000)))
    assert found["error"].endswith("its fee is spent. The vote has ended.")


@pytest.mark.parametrize(
    ("wei", "text"),
    [
        (0, "0 ETH"),
        (82 * 10**12, "0.000082 ETH"),
        (123_456 * 10**9, "0.00012 ETH"),
        (5 * 10**17, "0.50 ETH"),
        (1_234 * 10**18, "1,234.00 ETH"),
    ],
)
def test_coins__any_amount__two_digits_that_say_something(wei: int, text: str) -> None:
    assert coins(wei, "ETH") == text
    with spoken(Language.GERMAN):
        assert coins(wei, "ETH") == text.translate({ord("."): ",", ord(","): "."})
