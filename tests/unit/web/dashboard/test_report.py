"""The page of a report over a real evaluation: values, signers, and how to check it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from support.index import read_chain
from tribune.store.session import Store
from tribune.store.tables import ChainEvent

if TYPE_CHECKING:
    from support.voting import Voting

HTML = {"accept": "text/html"}


async def shown(client: httpx.AsyncClient, address: str, status: int = 200) -> str:
    answer = await client.get(address, headers=HTML)
    assert answer.status_code == status, answer.text
    return " ".join(answer.text.split())


def broken(voting: Voting) -> list[ChainEvent]:
    """Frame 3, which two monitors reported as broken and the third otherwise, as the index would have it."""
    import hashlib

    from support.index import happened
    from support.voting import documents
    from tribune.reports.canonical import canonical_bytes

    policy = voting.chain.contracts["PolicyBook"].functions.currentTerms(1).call()[0]
    evidence = hashlib.sha256(canonical_bytes(documents()[1])).hexdigest()
    report = {"model_id": 1, "version": 1, "frame": 3, "policy": "0x" + policy.hex()}
    report |= {"evidence": "0x" + evidence, "values": [431_000]}
    of: dict[str, Any] = {"model_id": 1, "version": 1, "frame": 3}
    results = zip(voting.chain.monitors, ("0xaa", "0xaa", "0xbb"), strict=True)
    found = [happened("Attested", monitor=one.address, report=digest, **of) for one, digest in results]
    found.append(happened("ReportJudged", digest="0xaa", hits=1, case_id=1, report=report, **of))
    for place, event in enumerate(found):
        event.log_index = 900 + place
    return found


async def test_report__evaluation__says_what_was_kept_and_who_did_not_sign(
    client: httpx.AsyncClient, voting: Voting, store: Store
) -> None:
    await read_chain(voting.chain, store)
    text = await shown(client, "/r/1/1/0")
    assert "<h1>acs-employment v1, its evaluation: no rule broken</h1>" in text
    assert "2 of 3 monitors got exactly this result." in text
    assert "✓</span> Kept.</strong> The gap in positive decisions between groups by sex: at least 0 %" in text
    assert text.count("exactly this result <span") == 2
    assert text.count("has not signed") == 1
    assert "<code>tribune verify report bafkrei" in text


async def test_report__broken_frame__shows_value_bounds_signers_and_figures(
    client: httpx.AsyncClient, voting: Voting, store: Store
) -> None:
    await read_chain(voting.chain, store)
    await store.run(lambda session: session.add_all(broken(voting)))
    text = await shown(client, "/r/1/1/3")
    assert "<h1>acs-employment v1, frame 3: 1 rule broken</h1>" in text
    assert "Broken.</strong> It said &#34;employed&#34; for 53 of 100 men and 6 of 100 women." in text
    assert "In this frame: measured on 2,000 rows; between" in text
    assert "The rule: Stop the model for a bounded time and open a vote when the gap" in text
    assert "1 got another one." in text
    assert '<strong class="bad">another result</strong>' in text
    assert '<a href="/b/1">The case that this led to</a>' in text
    figure = "/r/1/1/3/groups-0-selection.svg"
    assert f'src="{figure}" alt=' in text
    image = await client.get(figure)
    assert image.headers["content-type"] == "image/svg+xml"
    assert image.content.startswith(b"<?xml")
    assert (await client.get("/r/1/1/3/nothing.svg")).status_code == 404


async def test_report__evidence_gone__says_so_and_keeps_what_the_chain_says(
    blind_client: httpx.AsyncClient, voting: Voting, store: Store
) -> None:
    await read_chain(voting.chain, store)
    text = await shown(blind_client, "/r/1/1/0")
    assert "No evidence store answers now, so this is only what the chain says." in text
    assert "at least 0 %, limit 10 %" in text
    assert "2 of 3 monitors got exactly this result." in text


@pytest.mark.parametrize(
    "address", ["/r/1/1/7", "/r/1/2/0", "/r/1/1/x", "/r/9/1/0", "/r/1/1/99999999999999999"]
)
async def test_report__none__says_why_there_may_be_none(
    client: httpx.AsyncClient, voting: Voting, store: Store, address: str
) -> None:
    await read_chain(voting.chain, store)
    assert "as far as the chain has been read" in await shown(client, address, 404)
