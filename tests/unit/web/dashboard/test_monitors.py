"""The pages of monitors: agreement, misses and what they watch, in sentences."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from support.index import happened, policy_set, put, registered
from tribune.store.queries import roll_back
from tribune.store.session import Store
from tribune.store.vitals import INDEX
from tribune.web.records import Records

HTML = {"accept": "text/html"}
EYE = "0x00000000000000000000000000000000DeaDBeef"
EAR = "0x" + "11" * 20
HOUR = 3_600


@pytest.fixture
async def pages(blind_client: httpx.AsyncClient, store: Store) -> httpx.AsyncClient:
    """Two monitors of a model, one of which missed a frame and differed in another; a second model of one."""
    events = [
        registered(1, "lending"),
        registered(2, "hiring"),
        happened("MonitorAdmitted", account=EYE, name="Eye", uri="https://eye.example"),
        happened("MonitorAdmitted", account=EAR, name="Ear", uri="javascript:alert(1)"),
        policy_set(1, [], digest="0xp", deadline=HOUR, panel=[EYE, EAR]),
        policy_set(2, [], digest="0xq", deadline=HOUR, panel=[EAR]),
    ]
    for frame, others in ((1, "0x1"), (2, "0x2"), (3, "")):
        of: dict[str, Any] = {"model_id": 1, "version": 1, "frame": frame}
        events.append(happened("Attested", hours=frame, monitor=EYE, report="0x1", **of))
        if others:
            events.append(happened("Attested", hours=frame, monitor=EAR, report=others, **of))
        report = {"policy": "0xp"}
        events.append(happened("ReportJudged", hours=frame, digest="0x1", hits=0, report=report, **of))
    await store.run(put, *events)
    return blind_client


async def shown(client: httpx.AsyncClient, address: str, status: int = 200) -> str:
    answer = await client.get(address, headers=HTML)
    assert answer.status_code == status, answer.text
    return " ".join(answer.text.split())


async def test_monitors__two__agreement_and_misses_of_each(pages: httpx.AsyncClient) -> None:
    text = await shown(pages, "/monitors")
    eye, ear = text.partition(f'<li><a href="/monitors/{EYE}">')[2].split("</li>")[:2]
    assert "All 3 results were exactly those that counted." in eye
    assert "It missed none." in eye
    assert "It is to watch 1 model." in eye
    assert "not independent" not in eye
    assert "1 of 2 results were exactly those that counted." in ear
    assert "It missed 1 frame of 3." in ear
    assert "one monitor, not independent" in ear
    assert '<a href="/r/1/1/3">lending v1, frame 3</a>. It is to watch' in eye
    assert "Counted are all signatures there are." in text


async def test_monitor__one__names_the_frames(pages: httpx.AsyncClient) -> None:
    text = await shown(pages, f"/monitors/{EAR}")
    assert "<h1>Ear</h1>" in text
    differed, missed = text.partition("Its result was not that of the others")[2].split("Missed: nothing")
    assert '<a href="/r/1/1/2">lending v1, frame 2</a>' in differed
    assert '<a href="/r/1/1/3">lending v1, frame 3</a>' in missed
    assert '<a href="/m/2">hiring</a></th><td><strong>one monitor, not independent</strong>' in text
    assert '<a href="/m/1">lending</a></th><td>2 monitors</td>' in text
    assert 'href="javascript:' not in text


async def test_monitor__address_in_lower_case__is_the_same(pages: httpx.AsyncClient) -> None:
    assert "<h1>Eye</h1>" in await shown(pages, f"/monitors/{EYE.lower()}")


async def test_monitor__unknown__says_so(pages: httpx.AsyncClient) -> None:
    stranger = "0x" + "33" * 20
    assert "is no monitor, as far as the chain" in await shown(pages, f"/monitors/{stranger}", 404)
    assert "This is not an address." in await shown(pages, "/monitors/eye", 400)


async def test_monitors__none__says_so(blind_client: httpx.AsyncClient) -> None:
    assert "No monitor is admitted" in await shown(blind_client, "/monitors")


async def test_monitors__more_signatures_than_are_counted__says_from_when(
    pages: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Records, "look_back", 2)
    for address in ("/monitors", f"/monitors/{EAR}"):
        assert "Counted are the newest 2 signatures of all monitors, since" in await shown(pages, address)


async def test_monitors__index_goes_on_and_back__follows(pages: httpx.AsyncClient, store: Store) -> None:
    assert "All 3 results were" in await shown(pages, "/monitors")
    of: dict[str, Any] = {"model_id": 1, "version": 1, "frame": 4, "digest": "0x1", "hits": 0}
    signed = happened("Attested", hours=4, monitor=EYE, report="0x1", **of)
    judged = happened("ReportJudged", hours=4, report={"policy": "0xp"}, **of)
    await store.run(put, signed, judged)
    assert "All 4 results were" in await shown(pages, "/monitors")
    await store.run(roll_back, INDEX, 4)
    assert "All 3 results were" in await shown(pages, "/monitors")
