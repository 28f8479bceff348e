"""The pages without a script: words, escaping, headers, links, evidence."""

from __future__ import annotations

import hashlib
import re
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from eth_account import Account
from eth_account.messages import encode_defunct

from support.index import read_chain
from tribune.ballots.linking import WalletLinks
from tribune.reports.canonical import cid, digest
from tribune.reports.evidence_store import write_evidence
from tribune.store.queries import wallets_of
from tribune.store.session import Store

if TYPE_CHECKING:
    from support.voting import Voting


def spoil(folder: Path) -> str:
    """Put another document under the name of one; return the name."""
    name = cid(digest(b"{}"))
    (folder / name).write_bytes(b'{"a":1}')
    return name


HTML = {"accept": "text/html"}
USER = 80351110224678912


async def test_get_page__open_vote__readable_without_a_script(client: httpx.AsyncClient) -> None:
    text = (await client.get("/b/1", headers=HTML)).text
    assert "<h1>Keep acs-employment v1 stopped?</h1>" in text
    assert "53 of 100 men and 6 of 100 women" in text
    assert "<code>KillSwitch.pause(model 1)</code>, nothing else." in text
    assert "matches the text above" in text
    assert "Voting ends" in text
    within = "https%3A%2F%2Fdao.example%2Fb%2F1%3Flang%3Den"
    for opens in (  # a phone's wallet opens the page in its own browser: Discord's has no wallet
        "https://link.metamask.io/dapp/dao.example/b/1?lang=en",
        f"https://go.cb-w.com/dapp?cb_url={within}",
        f"https://link.trustwallet.com/open_url?coin_id=60&url={within}",
    ):
        assert f'<a href="{escape(opens)}"' in text


async def test_get_page__any__no_inline_script_or_style_and_strict_policy(client: httpx.AsyncClient) -> None:
    answer = await client.get("/b/1", headers=HTML)
    assert not re.search(r"<script(?![^>]*\bsrc=)|\bstyle=|\bon\w+=", answer.text)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["referrer-policy"] == "no-referrer"


async def test_get_page__hostile_model_name__escaped(
    client: httpx.AsyncClient, voting: Voting, store: Store
) -> None:
    registry = voting.chain.contracts["ModelRegistry"].functions
    voting.chain.send(registry.registerModel("<script>alert(1)</script>"), voting.chain.steward)
    await read_chain(voting.chain, store)
    text = (await client.get("/", headers=HTML)).text
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text


async def test_get_page__no_such_case__a_plain_page(client: httpx.AsyncClient) -> None:
    answer = await client.get("/b/99", headers=HTML)
    assert answer.status_code == 404
    assert "There is no case 99." in answer.text
    assert "content-security-policy" in answer.headers


async def test_get_page__node_silent__says_that_we_cannot_see(blind_client: httpx.AsyncClient) -> None:
    answer = await blind_client.get("/b/1", headers=HTML)
    assert answer.status_code == 503
    assert "We cannot see the chain" in answer.text


async def test_get_chart__groups__png(client: httpx.AsyncClient) -> None:
    answer = await client.get("/b/1/chart.png")
    assert answer.headers["content-type"] == "image/png"
    assert answer.content.startswith(b"\x89PNG")


async def test_get_chart__dark__is_another_picture(client: httpx.AsyncClient) -> None:
    page = (await client.get("/b/1", headers=HTML)).text
    [dark] = re.findall(r'<source media="\(prefers-color-scheme: dark\)" srcset="([^"]+)">', page)
    light, other = await client.get("/b/1/chart.png"), await client.get(dark)
    assert other.headers["content-type"] == "image/png"
    assert other.content != light.content


async def test_get_evidence__stored__its_bytes_have_its_name(
    client: httpx.AsyncClient, voting: Voting
) -> None:
    name = (await client.get("/api/ballots/1")).json()["evidence"]
    answer = await client.get(f"/evidence/{name}")
    assert answer.headers["content-type"] == "application/json"
    assert cid(digest(answer.content)) == name
    assert (voting.folder / name).read_bytes() == answer.content


async def test_get_evidence_view__stored__readable(client: httpx.AsyncClient) -> None:
    name = (await client.get("/api/ballots/1")).json()["evidence"]
    answer = await client.get(f"/evidence/{name}/view", headers=HTML)
    assert answer.status_code == 200
    assert "fairness.demographic_parity_difference.lower/SEX" in answer.text


@pytest.fixture
def alone(voting: Voting) -> int:
    """A model that one monitor alone measures."""
    from support.voting import RULE

    chain = voting.chain
    chain.send(chain.contracts["ModelRegistry"].functions.registerModel("lonely"), chain.steward)
    model_id: int = chain.contracts["ModelRegistry"].functions.modelCount().call()
    chain.as_timelock(chain.contracts["MonitorRegistry"].functions.admit(chain.monitors[0].address, "m", ""))
    terms = (0, 100, 100, 5, 50, 60, False, 1, [chain.monitors[0].address], [RULE.on_chain()])
    chain.as_timelock(chain.contracts["PolicyBook"].functions.setPolicy(model_id, terms))
    chain.warp(200)
    return model_id


async def test_pages__one_monitor_alone__say_so_beside_its_reports(
    client: httpx.AsyncClient, voting: Voting, alone: int
) -> None:
    for model_id, said in ((1, 0), (alone, 1)):
        name = write_evidence(voting.folder, {"model": model_id, "frame": 0})
        page = (await client.get(f"/evidence/{name}/view", headers=HTML)).text
        assert page.count("one monitor, not independent") == said
    assert "one monitor" not in (await client.get("/b/1", headers=HTML)).text


@pytest.mark.parametrize("model", [-1, 0, 2**53 - 1, True, "1", None, [1]])
async def test_get_evidence_view__odd_model__is_shown_all_the_same(
    client: httpx.AsyncClient, voting: Voting, model: object
) -> None:
    name = write_evidence(voting.folder, {"model": model, "frame": 2**53 - 1})
    assert (await client.get(f"/evidence/{name}/view", headers=HTML)).status_code == 200


async def test_get_evidence_view__hostile_document__escaped(
    client: httpx.AsyncClient, voting: Voting
) -> None:
    name = write_evidence(voting.folder, {"<b>": ["<i>", {"rules": None}], "rules": "<img>"})
    answer = await client.get(f"/evidence/{name}/view", headers=HTML)
    assert answer.status_code == 200
    assert not re.search("<b>|<i>|<img>", answer.text)


@pytest.mark.parametrize("name", ["..%2f..%2fetc%2fpasswd", "bafkreix", "x" * 300])
async def test_get_evidence__no_such_name__404(client: httpx.AsyncClient, name: str) -> None:
    assert (await client.get(f"/evidence/{name}")).status_code == 404


async def test_get_evidence__changed_in_the_store__refused(client: httpx.AsyncClient, voting: Voting) -> None:
    name = spoil(voting.folder)
    answer = await client.get(f"/evidence/{name}", headers={"accept": "application/json"})
    assert answer.status_code == 404
    assert "sha-256 differs" in answer.json()["detail"]


async def test_post_link__signed__links_and_spends(
    client: httpx.AsyncClient, store: Store, links: WalletLinks
) -> None:
    wallet = Account.from_key("0x" + hashlib.sha256(b"wallet").hexdigest())
    path = f"/link/{(await links.invite(USER)).token}"
    assert str(USER) in (await client.get(path, headers=HTML)).text
    message = (await client.get(f"{path}?wallet={wallet.address.lower()}")).json()["message"]
    signature = "0x" + bytes(wallet.sign_message(encode_defunct(text=message)).signature).hex()
    posted = await client.post(path, json={"message": message, "signature": signature})
    assert posted.json() == {"status": "linked", "wallet": wallet.address, "moved": False}
    assert await store.read(wallets_of, USER) == [wallet.address]
    assert (await client.get(path, headers=HTML)).status_code == 410


async def test_post_link__bad_signature__403_and_still_good(
    client: httpx.AsyncClient, links: WalletLinks
) -> None:
    path = f"/link/{(await links.invite(USER)).token}"
    answer = await client.post(path, json={"message": "hello", "signature": "0x00"})
    assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json")
    assert (await client.get(path, headers=HTML)).status_code == 200


async def test_get_link__unknown_token__410(client: httpx.AsyncClient) -> None:
    answer = await client.get("/link/nothing", headers=HTML)
    assert answer.status_code == 410
    assert "/link" in answer.text


async def test_get_health__all_answers__ok(client: httpx.AsyncClient) -> None:
    assert (await client.get("/healthz")).text.startswith("ok")


async def test_get_health__node_silent__503(blind_client: httpx.AsyncClient) -> None:
    assert (await blind_client.get("/healthz")).status_code == 503


@pytest.fixture
def links(client: httpx.AsyncClient, store: Store) -> WalletLinks:
    transport = client._transport
    assert isinstance(transport, httpx.ASGITransport)
    site = transport.app.state.site  # type: ignore[attr-defined]
    made: WalletLinks = site.links
    return made


async def test_get_page__vote_over__shows_result_and_block_and_no_form(
    client: httpx.AsyncClient, voting: Voting
) -> None:
    chain, governor = voting.chain, voting.governor.functions
    for holder in voting.holders[:2]:
        chain.send(governor.castVote(voting.proposal_id, 1), holder)
    before = (await client.get("/b/1", headers=HTML)).text
    assert "The vote has passed, and has not been carried out yet." in before
    assert "executeCase(1)" in before
    receipt = chain.send(governor.executeCase(1))
    text = (await client.get("/b/1", headers=HTML)).text
    assert "the model is stopped until another vote" in text
    assert f"Settled in block {receipt['blockNumber']}," in text
    assert "What ran: <code>KillSwitch.pause(model 1)</code>, nothing else." in text
    assert f"0x{receipt['transactionHash'].hex().removeprefix('0x')}" in text
    assert "650,000 (65.0 %)" in text
    assert "<form" not in text
    assert "ballot.js" not in text


@pytest.mark.parametrize(
    ("voters", "said"),
    [
        ([], "it takes more votes for than against"),
        ([(4, 1)], "most were for, but too few took part"),
        ([(0, 0)], "most were against, and enough took part, so it ended the suspension"),
    ],
)
async def test_get_page__vote_failed__says_why(
    client: httpx.AsyncClient, voting: Voting, voters: list[tuple[int, int]], said: str
) -> None:
    chain, governor = voting.chain, voting.governor.functions
    for holder, support in voters:
        chain.send(governor.castVote(voting.proposal_id, support), voting.holders[holder])
    chain.warp(700)
    if (0, 0) in voters:
        chain.send(chain.contracts["KillSwitch"].functions.poke(1))
    text = (await client.get("/b/1", headers=HTML)).text
    assert said in text
    assert "<form" not in text


async def test_get_page__vote_not_opened_in_time__says_so(client: httpx.AsyncClient, voting: Voting) -> None:
    switch = voting.chain.contracts["KillSwitch"].functions
    voting.chain.warp(3_000)
    from support.voting import guardian_suspends

    case = guardian_suspends(voting.chain, voting.folder)
    open_ = (await client.get(f"/b/{case}", headers=HTML)).text
    assert f"openCase({case})" in open_
    assert "This page then shows the ballot by itself." in open_
    voting.chain.warp(200)
    over = (await client.get(f"/b/{case}", headers=HTML)).text
    assert "Nobody opened the vote in time, so nothing was decided." in over
    voting.chain.send(switch.poke(case))
    assert "Nobody opened the vote in time" in (await client.get(f"/b/{case}", headers=HTML)).text


async def test_get_page__pending__says_when_voting_begins(client: httpx.AsyncClient, voting: Voting) -> None:
    from support.voting import guardian_suspends

    voting.chain.warp(3_000)
    case = guardian_suspends(voting.chain, voting.folder)
    voting.chain.send(voting.governor.functions.openCase(case))
    text = (await client.get(f"/b/{case}", headers=HTML)).text
    assert "Voting begins <time" in text


async def test_get_page__another_language__is_offered_in_its_own_name_and_kept_for_phones(
    client: httpx.AsyncClient,
) -> None:
    text = (await client.get("/b/1", headers=HTML)).text
    assert '<html lang="en">' in text
    assert '<a href="?lang=de" lang="de" hreflang="de">Deutsch</a>' in text
    german = (await client.get("/b/1?lang=de", headers=HTML)).text
    assert '<html lang="de">' in german
    assert '<a href="?lang=en" lang="en" hreflang="en">English</a>' in german
    assert "https://go.cb-w.com/dapp?cb_url=https%3A%2F%2Fdao.example%2Fb%2F1%3Flang%3Dde" in german
    assert (
        "https://link.trustwallet.com/open_url?coin_id=60&amp;url=https%3A%2F%2Fdao.example%2Fb%2F1" in german
    )


@pytest.mark.parametrize("reason", ["", "Sí, «daño»"])
async def test_get_message__signed_as_it_was_downloaded__is_accepted(
    client: httpx.AsyncClient, voting: Voting, reason: str
) -> None:
    voter = voting.holders[0]
    asked = {"voter": voter.address.lower(), "support": "0", "reason": reason}
    answer = await client.get("/api/ballots/1/message", params=asked)
    assert answer.headers["content-disposition"] == 'attachment; filename="ballot-1.json"'
    signature = voter.sign_typed_data(full_message=answer.json()).signature.hex()
    sent = {"voter": voter.address, "support": 0, "reason": reason, "signature": f"0x{signature}"}
    assert (await client.post("/api/ballots/1", json=sent)).status_code == 202
