"""The page of a call by holders and its API, over a real chain: what is read, taken and refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from sqlmodel import select

from support.anvil import ROOT, Anvil, find_binary
from support.index import read_chain
from tribune.ballots.contracts import VoteContracts
from tribune.ballots.documents import Documents
from tribune.ballots.holders.beginning import begin_call, plan_call
from tribune.ballots.holders.documents import Conclusion, Harm
from tribune.chain.client import Chain
from tribune.chain.deployments import load_deployment
from tribune.chain.enums import CaseKind
from tribune.ids import CaseId, ModelId, ProposalId
from tribune.store import calls
from tribune.store.session import Store
from tribune.store.tables import CallSignature
from unit.web.shown import shown

if TYPE_CHECKING:  # imports web3, which warns at import: only once pytest's filters are set
    from eth_account.signers.local import LocalAccount

    from support.voting import Voting

HARM = Harm("It insults <b>people</b>.\nOften.", ("https://news.example/insult?a=1&b=2",))


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Voting]:
    """A model in service without a case."""
    if find_binary() is None or not (ROOT / ".build" / "__local__.json").exists():
        pytest.skip("anvil or the compiled contracts are missing: run `make setup`")
    from support.voting import Voting, open_model, slow_chain

    with Anvil.start() as anvil:
        chain, folder = slow_chain(anvil), tmp_path_factory.mktemp("evidence")
        open_model(chain, folder)
        chain.as_timelock(chain.contracts["PauseGovernor"].functions.setCallThreshold(180_000))
        chain.warp(2)
        yield Voting(chain, folder, CaseId(0), ProposalId(0))


async def begin(voting: Voting, store: Store, said: Harm | Conclusion = HARM) -> int:
    """Begin the call as the bot does."""
    kind = CaseKind.HOLDER_PAUSE if isinstance(said, Harm) else CaseKind.HOLDER_RESUME
    folder = Path(store.engine.url.database or "").parent
    async with Chain(voting.chain.anvil.http_url, chain_id=31337, timeout_s=5) as chain:
        contracts = VoteContracts(chain, load_deployment(folder, 31337))
        plan = await plan_call(contracts, [voting.folder], kind, ModelId(1), said)
        row = await begin_call(store, contracts, Documents([voting.folder]), plan.cid)
    return row.id or 0


def sign(account: LocalAccount, data: dict[str, Any]) -> str:
    """Sign as any tool does: with what the API gave, unchanged."""
    return "0x" + account.sign_typed_data(full_message=data).signature.hex().removeprefix("0x")


async def post(client: httpx.AsyncClient, account: LocalAccount, **changed: Any) -> httpx.Response:
    data = (await client.get("/api/calls/1")).json()["typed_data"]
    data["message"] |= changed
    body = {"signer": account.address.lower(), "signature": sign(account, data)}
    return await client.post("/api/calls/1", json=body)


async def test_get_page__collecting__says_what_is_asked_and_what_runs(
    client: httpx.AsyncClient, voting: Voting, store: Store
) -> None:
    await begin(voting, store)
    page = (await client.get("/c/1")).text
    assert "<h1>Shall holders vote on stopping acs-employment v1?</h1>" in page
    assert "<p>It insults &lt;b&gt;people&lt;/b&gt;.</p>" in page
    assert '<a href="https://news.example/insult?a=1&amp;b=2" rel="noreferrer noopener nofollow ugc">' in page
    assert "<code>KillSwitch.pause(model 1)</code>" in page
    assert "Opening the vote and this were both tried on the chain at block" in page
    assert "0 holders have signed: 0 % of all votes. 18 % are needed for the vote to open." in page
    assert "Sign without this page" in page


async def test_get_index__a_call_collects__leads_to_it(
    client: httpx.AsyncClient, voting: Voting, store: Store
) -> None:
    assert "Votes that holders call for" not in (await client.get("/")).text
    await begin(voting, store)
    await read_chain(voting.chain, store)
    page = (await client.get("/")).text
    assert '<a href="/c/1">Shall holders vote on stopping acs-employment v1?</a>' in page


async def test_get_page__in_german__is_in_german_where_it_is_translated(
    client: httpx.AsyncClient, voting: Voting, store: Store
) -> None:
    await begin(voting, store)
    page = (await client.get("/c/1?lang=de")).text
    assert '<html lang="de">' in page


async def test_get_page__resume__shows_the_conclusion_and_that_a_steward_may_alone(
    client: httpx.AsyncClient, voting: Voting, store: Store
) -> None:
    from support.voting import Voting, guardian_suspends

    case_id = guardian_suspends(voting.chain, voting.folder)
    paused = Voting(voting.chain, voting.folder, case_id, ProposalId(0))
    paused.open_vote()
    for holder in voting.holders[:2]:
        voting.chain.send(voting.governor.functions.castVote(paused.proposal_id, 1), holder)
    voting.chain.send(voting.governor.functions.executeCase(case_id))
    await begin(voting, store, Conclusion("A joke.", "It was told off.", CaseId(0)))
    page = (await client.get("/c/1")).text
    assert "<h1>Shall holders vote on letting acs-employment v1 answer again?</h1>" in page
    assert "<p>A joke.</p>" in page
    assert '<a href="/b/1">The incident, case 1</a>' in page
    assert "steward can open this vote alone" in page
    assert "KillSwitch.resume(model 1, version 1)" in page


async def test_get_page__document_is_gone__says_not_to_sign(
    client: httpx.AsyncClient, voting: Voting, store: Store
) -> None:
    await begin(voting, store)
    await store.run(calls.change_call, 1, evidence="0x" + "11" * 32)
    page = (await client.get("/c/1")).text
    assert "Do not sign it." in page
    assert 'id="sign"' not in page
    assert (await client.get("/api/calls/1")).json()["readable"] is False


async def test_post_signature__holder__kept_and_told_how_far_it_is(
    client: httpx.AsyncClient, voting: Voting, store: Store
) -> None:
    await begin(voting, store)
    answer = await post(client, voting.holders[4])
    assert answer.status_code == 202
    assert answer.json()["progress_text"].startswith("1 holder has signed: 8 % of all votes.")
    asked = (await client.get(f"/api/calls/1?signer={voting.holders[4].address}")).json()
    assert (asked["has_signed"], asked["power_text"]) == (True, "80,000 votes (8 %)")
    assert (asked["signed"], asked["signers"], asked["vote"]) == (str(80_000 * 10**18), 1, None)


async def test_calls_page__its_commands__get_a_call_and_hand_its_signature_in(
    client: httpx.AsyncClient, voting: Voting, store: Store
) -> None:
    await begin(voting, store)
    get, posted = shown("calls.md")
    found = await client.get(get.path.replace("/5", "/1"))
    account = voting.holders[4]
    body = {"signer": account.address, "signature": sign(account, found.json()["typed_data"])}
    assert posted.body is not None
    assert set(posted.body) == set(body)
    assert (await client.post(posted.path.replace("/5", "/1"), json=body)).status_code == 202


async def test_post_signature__twice__is_one(client: httpx.AsyncClient, voting: Voting, store: Store) -> None:
    await begin(voting, store)
    assert [(await post(client, voting.holders[4])).json()["new"] for _ in range(2)] == [True, False]
    with store.session() as session:
        assert len(session.exec(select(CallSignature)).all()) == 1


@pytest.mark.parametrize("changed", [{"kind": 4}, {"modelId": "2"}, {"round": "1"}, {"epoch": "9"}])
async def test_post_signature__over_something_else__refused(
    client: httpx.AsyncClient, voting: Voting, store: Store, changed: dict[str, Any]
) -> None:
    await begin(voting, store)
    answer = await post(client, voting.holders[4], **changed)
    assert answer.status_code == 403
    assert answer.json()["type"].endswith("/problems/wrong-signature")
    assert answer.json()["title"] == "This signature would not count"


async def test_post_signature__without_votes__refused_with_the_reason(
    client: httpx.AsyncClient, voting: Voting, store: Store
) -> None:
    await begin(voting, store)
    answer = await post(client, voting.chain.steward)
    assert answer.status_code == 403
    assert answer.json()["type"].endswith("/problems/no-voting-power")
    assert "delegated" in answer.json()["mend"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"signer": "0x12", "signature": "0x00"},
        {"signer": "0x" + "11" * 20},
        {"signer": "0x" + "11" * 20, "signature": "0xzz"},
        {"signer": "0x" + "11" * 20, "signature": "0x" + "11" * 5000},
    ],
)
async def test_post_signature__of_another_form__refused(
    client: httpx.AsyncClient, voting: Voting, store: Store, body: dict[str, str]
) -> None:
    await begin(voting, store)
    assert (await client.post("/api/calls/1", json=body)).status_code == 400


@pytest.mark.parametrize("forged", ["2", "0", "-1", "1;2", "9" * 30, "٣", "1 or 1"])
async def test_calls__forged_number__not_there(
    client: httpx.AsyncClient, voting: Voting, store: Store, forged: str
) -> None:
    await begin(voting, store)
    assert (await client.get(f"/c/{forged}")).status_code == 404
    assert (await client.get(f"/api/calls/{forged}")).status_code == 404
    body = {"signer": voting.holders[0].address, "signature": "0x" + "11" * 65}
    assert (await client.post(f"/api/calls/{forged}", json=body)).status_code == 404


async def test_calls__opened__leads_to_the_vote_and_takes_no_more(
    client: httpx.AsyncClient, voting: Voting, store: Store
) -> None:
    await begin(voting, store)
    found = (await client.get("/api/calls/1")).json()
    message = found["typed_data"]["message"]
    names = ("kind", "modelId", "version", "epoch", "round", "evidence", "deadline")
    fields = tuple(message[name] if name == "evidence" else int(message[name]) for name in names)
    signed = [(voting.holders[0].address, sign(voting.holders[0], found["typed_data"]))]
    voting.chain.send(voting.governor.functions.callPause(fields, signed))
    assert (await client.get("/api/calls/1")).json()["vote"] == "/b/1"
    page = (await client.get("/c/1")).text
    assert '<a id="vote" href="/b/1">To the vote</a>' in page
    answer = await post(client, voting.holders[1])
    assert answer.status_code == 409
    assert "vote is open" in answer.json()["detail"]
