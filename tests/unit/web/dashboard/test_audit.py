"""The trail: what it shows, how it is narrowed, what is said of odd filters, and the files that it makes."""

from __future__ import annotations

import csv
import io
import re

import httpx
import pytest

from support.index import happened, put, registered, state_changed
from tribune.store.session import Store
from tribune.store.tables import ChainEvent
from tribune.web.dashboard.exports import harmless_cell

ADA = "0x00000000000000000000000000000000DeaDBeef"
FAST = 2**255 + 1


def past() -> list[ChainEvent]:
    cast = {"proposal_id": FAST, "voter": ADA, "support": 1, "weight": 12 * 10**18}
    return [
        registered(1, "lending"),
        registered(2, "=HYPERLINK(0)", hours=1),
        happened("MonitorAdmitted", contract="MonitorRegistry", hours=2, account=ADA, name="Eye", uri=""),
        state_changed(1, 1, 2, hours=26, until_hours=30),
        happened("CaseOpened", hours=26, model_id=1, case_id=7, kind=0, details={"version": 1}),
        happened("CaseVoteOpened", hours=27, case_id=7, proposal_id=FAST, vote_ends=0),
        happened("VoteCast", contract="PauseGovernor", hours=28, **cast),
        happened("FrameDisputed", contract="ReportHub", hours=50, model_id=2, frame=3, version=1),
    ]


@pytest.fixture
async def trail(blind_client: httpx.AsyncClient, store: Store) -> httpx.AsyncClient:
    """The pages over a store with a past; no chain answers."""
    await store.run(put, *past())
    return blind_client


async def page(client: httpx.AsyncClient, query: str = "", status: int = 200) -> str:
    answer = await client.get(f"/audit{query}", headers={"accept": "text/html"})
    assert answer.status_code == status, answer.text
    return " ".join(answer.text.split())


def events(text: str) -> list[str]:
    """Return the sentences of a page, without their elements."""
    found = re.findall(r"<li><p>(.*?)</p>", text)
    return [re.sub(r"<[^>]+>", "", one) for one in found]


async def test_audit__nothing_asked__all_but_measurements_newest_first(trail: httpx.AsyncClient) -> None:
    assert events(await page(trail)) == [
        "Eye (0x0000…Beef) voted for, with votes that cannot be counted now, on case 7.",
        "The vote on case 7 was opened, until 1970-01-01 00:00:00 UTC at the latest.",
        "lending · Case 7 was opened: it broke a rule.",
        "lending · It was SUSPENDED until 2026-11-02 18:00:00 UTC at the latest.",
        "Governance admitted Eye (0x0000…Beef) as the monitor “Eye”.",
        "=HYPERLINK(0) · Registered; its steward is 0x2222…2222.",
        "lending · Registered; its steward is 0x2222…2222.",
    ]


async def test_audit__of_a_case__leads_to_it(trail: httpx.AsyncClient) -> None:
    assert (await page(trail)).count('<a href="/b/7">Case 7</a>') == 3


async def test_audit__times_in_sentences__are_elements_for_the_readers_zone(trail: httpx.AsyncClient) -> None:
    assert 'SUSPENDED until <time datetime="2026-11-02T18:00:00Z">' in await page(trail)


@pytest.mark.parametrize(
    ("query", "first", "count"),
    [
        ("?model=1", "Eye", 5),
        ("?model=lending", "Eye", 5),
        ("?model=%232&kind=everything", "=HYPERLINK(0) · Its monitors contradicted", 2),
        ("?kind=states", "lending · It was SUSPENDED", 1),
        (f"?who={ADA.lower()}", "Eye", 2),
        ("?from=2026-11-02&to=2026-11-02", "Eye", 4),
        ("?to=2026-11-01", "Governance admitted", 3),
        ("?from=2026-11-02T15:30", "Eye", 1),
    ],
)
async def test_audit__narrowed__exactly_these(
    trail: httpx.AsyncClient, query: str, first: str, count: int
) -> None:
    found = events(await page(trail, query))
    assert len(found) == count
    assert found[0].startswith(first)


@pytest.mark.parametrize(
    ("query", "field", "why"),
    [
        ("model=nothing", "model", "There is no model nothing, as far as the chain has been read. Give a"),
        ("kind=cakes", "kind", "There is no such kind. Choose one of the list."),
        ("who=ada", "who", "This is not an address. An address is 0x and 40 hex digits."),
        ("from=yesterday", "from", "This is not a day. Write year, month and day: 2026-11-22."),
        ("from=2026-02-30", "from", "This is not a day."),
        ("from=2026-11-09&to=2026-11-02", "to", "This is before the beginning."),
    ],
)
async def test_audit__bad_filter__says_what_helps_and_loses_nothing(
    trail: httpx.AsyncClient, query: str, field: str, why: str
) -> None:
    other = "model=1" if field != "model" else "who=0x12"
    text = await page(trail, f"?{query}&{other}", 400)
    assert f'<span id="{field}-fault" class="bad" role="alert">{why}' in text
    for name, given in (part.split("=") for part in f"{query}&{other}".split("&")):
        assert re.search(rf'<(input|option)[^>]*\bvalue="{given}"', text), name
    assert events(text) == []
    refused = await trail.get(f"/audit?{query}&format=csv", headers={"accept": "text/csv"})
    assert refused.status_code == 400
    assert why.split(".")[0] in refused.json()["detail"]


async def test_audit__several_models_of_a_name__asks_for_the_number(
    blind_client: httpx.AsyncClient, store: Store
) -> None:
    await store.run(put, registered(1, "twin"), registered(2, "twin"))
    text = await page(blind_client, "?model=twin", 400)
    assert "Several models are called so: twin (2), twin (1). Give its number." in text


async def test_audit__csv__the_whole_trail_and_nothing_that_a_spreadsheet_runs(
    trail: httpx.AsyncClient,
) -> None:
    answer = await trail.get("/audit?format=csv&kind=everything")
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="tribune-audit.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["event"] for row in rows][:2] == ["FrameDisputed", "VoteCast"]
    assert len(rows) == 8
    assert rows[0]["model"] == "'=HYPERLINK(0)"
    assert rows[1]["account"] == ADA
    assert rows[4]["what"] == "It was SUSPENDED until 2026-11-02 18:00:00 UTC at the latest."
    assert rows[4]["time"] == "2026-11-02T14:00:00Z"


async def test_audit__json__the_filtered_trail_as_it_is(trail: httpx.AsyncClient) -> None:
    found = (await trail.get("/audit?format=json&model=2")).json()
    assert [(one["event"], one["model_id"], one["model"]) for one in found] == [
        ("ModelRegistered", 2, "=HYPERLINK(0)")
    ]
    assert (await trail.get("/audit?format=json&from=2027-01-01")).json() == []


async def test_audit__more_than_a_part_of_a_file__each_event_once(
    blind_client: httpx.AsyncClient, store: Store
) -> None:
    await store.run(put, *(registered(number, f"m{number}", hours=number) for number in range(1, 1_202)))
    found = (await blind_client.get("/audit?format=json")).json()
    assert [one["model_id"] for one in found] == list(range(1_201, 0, -1))
    text = await page(blind_client, "?page=25")
    assert "Page 25 of 25" in text
    assert len(events(text)) == 1


async def test_audit__unknown_format__says_which_there_are(trail: httpx.AsyncClient) -> None:
    answer = await trail.get("/audit?format=xml", headers={"accept": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["mend"] == "Ask for format=csv or format=json."


@pytest.mark.parametrize("given", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "＝1"])
def test_harmless_cell__beginning_of_a_formula__is_text(given: str) -> None:
    assert harmless_cell(given) == f"'{given}"


@pytest.mark.parametrize("given", ["lending", "a=b", "0x12", 7, "It's-fine"])
def test_harmless_cell__anything_else__stays(given: object) -> None:
    assert harmless_cell(given) == str(given)
