"""The delegation page and its API, asked in process."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tribune.store.session import Store
from unit.web.shown import shown

if TYPE_CHECKING:  # imports web3, which warns at import: only once pytest's filters are set
    from eth_account.signers.local import LocalAccount

    from support.voting import Voting

HTML = {"accept": "text/html"}
FRIEND = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"


async def signed(client: httpx.AsyncClient, account: LocalAccount, to: str = FRIEND) -> dict[str, Any]:
    """Sign what the API hands out, as the page's script does."""
    found = (await client.get(f"/api/delegation?wallet={account.address}&to={to}")).json()
    data = found["typed_data"]
    signature = "0x" + bytes(account.sign_typed_data(full_message=data).signature).hex()
    message = data["message"]
    return {
        "delegator": account.address,
        "delegatee": to,
        "nonce": message["nonce"],
        "expiry": message["expiry"],
        "signature": signature,
    }


async def test_get_page__any__readable_without_a_script_and_says_how_else(
    client: httpx.AsyncClient, voting: Voting
) -> None:
    text = (await client.get("/delegate", headers=HTML)).text
    assert "<h1>Who votes with your tokens?</h1>" in text
    assert "Tokens count only once they are delegated" in text
    token = voting.chain.contracts["TribuneToken"].address
    assert f"<code>delegate(address)</code> of <code>{token}</code> on chain 31337" in text


async def test_get_page__address_in_the_link__is_filled_in_and_to_be_checked(
    client: httpx.AsyncClient,
) -> None:
    text = (await client.get(f"/delegate?to={FRIEND.lower()}", headers=HTML)).text
    assert f'value="{FRIEND}"' in text
    assert "Check that it is whom you mean." in text
    assert f"/delegate?to={FRIEND}&amp;lang=en" in text


@pytest.mark.parametrize("to", ['"><script>alert(1)</script>', "0x12", "", "vitalik.eth"])
async def test_get_page__hostile_link__is_refused(client: httpx.AsyncClient, to: str) -> None:
    answer = await client.get("/delegate", params={"to": to}, headers=HTML)
    assert answer.status_code == 400
    assert "<script>alert" not in answer.text


async def test_get_delegation__holder__says_how_it_stands_and_what_to_send(
    client: httpx.AsyncClient, voting: Voting
) -> None:
    holder = voting.holders[0].address
    found = (await client.get(f"/api/delegation?wallet={holder}&to={FRIEND}")).json()
    assert found["standing_text"] == "Its 400,000 tokens are delegated to itself: it votes with them."
    assert found["delegate"] == holder
    token = voting.chain.contracts["TribuneToken"]
    expected = token.functions.delegate(FRIEND)._encode_transaction_data()
    assert (found["transaction"]["to"], found["transaction"]["data"]) == (token.address, expected)


async def test_get_delegation__stranger__says_why_nothing_counts(client: httpx.AsyncClient) -> None:
    found = (await client.get(f"/api/delegation?wallet=0x{'77' * 20}")).json()
    assert "holds no tokens" in found["standing_text"]
    assert found["delegate"] is None


async def test_get_delegation__german_reader__is_answered_in_the_pages_language(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get(f"/api/delegation?wallet=0x{'77' * 20}", headers={"Accept-Language": "de"})
    assert answer.headers["content-language"] == "de"


async def test_voting_power_page__its_commands__are_these(client: httpx.AsyncClient, voting: Voting) -> None:
    get, post = shown("voting-power.md")
    body = await signed(client, voting.holders[0])
    assert post.body is not None
    assert (set(post.body), post.path) == (set(body), "/api/delegation")
    asked = get.query | {"wallet": voting.holders[0].address, "to": FRIEND}
    assert set(asked) == set(get.query)
    assert (await client.get(get.path, params=asked)).status_code == 200
    assert (await client.post(post.path, json=body)).status_code == 202


async def test_post_delegation__signed__is_queued_once(client: httpx.AsyncClient, voting: Voting) -> None:
    body = await signed(client, voting.holders[0])
    for _ in range(2):
        answer = await client.post("/api/delegation", json=body)
        assert (answer.status_code, answer.json()["status"]) == (202, "queued")
    found = await client.get(answer.json()["delegation"])
    assert (found.status_code, found.json()["delegatee"]) == (200, FRIEND)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"delegatee": "0x" + "11" * 20}, 422),
        ({"delegatee": "0x" + "00" * 20}, 422),
        ({"nonce": 1}, 422),
        ({"expiry": 2**256 - 1}, 422),
        ({"expiry": 2**256}, 400),
        ({"nonce": -1}, 400),
        ({"nonce": True}, 400),
        ({"nonce": None}, 400),
        ({"signature": "0xzz"}, 400),
        ({"signature": "0x" + "00" * 65}, 422),
        ({"delegator": "0x1"}, 400),
    ],
)
async def test_post_delegation__forged__is_refused_in_plain_words(
    client: httpx.AsyncClient, voting: Voting, store: Store, change: dict[str, Any], status: int
) -> None:
    body = await signed(client, voting.holders[0]) | change
    answer = await client.post(
        "/api/delegation", content=json.dumps(body), headers={"content-type": "application/json"}
    )
    assert answer.status_code == status, answer.text
    assert answer.json()["detail"]
    assert (await client.get(f"/api/delegation/{voting.holders[0].address}/0")).status_code == 404


async def test_get_status__never_signed__is_not_found(client: httpx.AsyncClient) -> None:
    assert (await client.get(f"/api/delegation/{FRIEND}/0")).status_code == 404
    assert (await client.get(f"/api/delegation/{FRIEND}/x")).status_code == 400


async def test_delegation__chain_gone__could_not_look(blind_client: httpx.AsyncClient) -> None:
    answer = await blind_client.get(f"/api/delegation?wallet={FRIEND}")
    assert (answer.status_code, answer.json()["title"]) == (503, "We cannot see the chain")
