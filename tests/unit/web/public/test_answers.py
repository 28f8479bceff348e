"""What the API says of an index that has something of everything."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from support.index import happened, put
from tribune.store.session import Store
from unit.web.public.world import HOLDER, LARGE, MONITORS, PAUSED_AT, POLICY, case_opened, hex32


async def get(client: httpx.AsyncClient, path: str) -> Any:
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_status__index_behind_the_chain__says_how_far(client: httpx.AsyncClient) -> None:
    found = await get(client, "/status")
    assert (found["chain_id"], found["chain_block"]) == (31337, 41)
    assert found["blocks_behind"] == 41 - found["index"]["block"]
    assert 0 <= found["age_s"] < 3600
    assert found["halted"] is False


async def test_models__all__newest_first_each_with_its_state(client: httpx.AsyncClient) -> None:
    found = await get(client, "/models")
    assert [(one["id"], one["state"]) for one in found["items"]] == [
        (3, "Inactive"),
        (2, "Inactive"),
        (1, "Paused"),
    ]
    assert found["next"] is None


async def test_models__watched_or_not__all_say_so_and_each_alone(
    client: httpx.AsyncClient, store: Store
) -> None:
    with store.session() as session:
        put(session, case_opened(3, 2, kind=2, hours=PAUSED_AT + 2))
    listed = {one["id"]: one["oversight"] for one in (await get(client, "/models"))["items"]}
    assert listed == {1: "Breached", 2: "Stale", 3: "Healthy"}
    assert {model: (await get(client, f"/models/{model}"))["oversight"] for model in listed} == listed


@pytest.mark.parametrize(
    ("asked", "ids"), [("state=Paused", [1]), ("name=%C3%BCN", [2]), ("name=emp&state=Active", [])]
)
async def test_models__filtered__only_those(client: httpx.AsyncClient, asked: str, ids: list[int]) -> None:
    assert [one["id"] for one in (await get(client, f"/models?{asked}"))["items"]] == ids


async def test_model__one__says_what_governs_it_and_what_is_behind_it(client: httpx.AsyncClient) -> None:
    found = await get(client, "/models/1")
    assert found["versions"][0]["artifact"] == hex32(1)
    assert found["policy"]["rules"][0]["limit"] == "0.100000"
    assert found["policy"]["panel"] == list(MONITORS)
    assert found["open_cases"] == []
    # In force from 13:00 to 15:00, when it was suspended; then paused within the suspension's time.
    assert found["record"] == {
        "since": "2026-11-01T13:00:00Z",
        "active_s": 3 * 3600 + 2 * 3600,
        "breaches": 1,
        "halts": 2,
    }


async def test_model__handed_over_with_a_statement_made_again__who_and_where(
    client: httpx.AsyncClient, store: Store
) -> None:
    said: dict[str, Any] = {"model_id": 1, "version": 1, "auditor": MONITORS[0], "document": hex32(7)}
    with store.session() as session:
        put(
            session,
            happened("Transfer", hours=41, model_id=1, **{"from": MONITORS[0], "to": HOLDER}),
            happened("StatementAttested", hours=41, uri="first", time=0, **said),
            happened("StatementWithdrawn", hours=42, **said),
            happened("StatementAttested", hours=43, uri="second", time=1, **said),
        )
    found = await get(client, "/models/1")
    assert (found["steward"], found["versions"][0]["serves_from"]) == (HOLDER, "2026-11-01T13:00:00Z")
    assert found["versions"][0]["registered"]["time"] == "2026-11-01T12:00:00Z"
    [statement] = found["statements"]
    assert (statement["uri"], statement["document"]) == ("second", hex32(7))
    assert (statement["at"]["block"], statement["at"]["time"]) == (44, "2026-11-03T07:00:00Z")


async def test_reports__of_a_model__values_are_exact_decimals(client: httpx.AsyncClient) -> None:
    found = (await get(client, "/models/1/reports"))["items"]
    assert [(one["frame"], one["values"], one["hits"], one["case"]) for one in found] == [
        (2, ["0.431000", None], [0], 1),
        (1, ["0.020000", None], [], None),
    ]


async def test_report__one__judges_each_rule_and_names_who_disagreed(client: httpx.AsyncClient) -> None:
    found = await get(client, "/reports/1/1/2")
    assert [one["verdict"] for one in found["rules"]] == ["broken", "unknown"]
    assert [(one["monitor"], one["agrees"]) for one in found["signers"]] == list(
        zip(MONITORS, (True, False, True), strict=True)
    )
    assert found["policy"] == POLICY


async def test_cases__all__breach_and_call_of_holders(client: httpx.AsyncClient) -> None:
    call, breach = (await get(client, "/cases"))["items"]
    assert (call["kind"], call["outcome"], call["breach"], call["document"]) == (
        "HolderPause",
        "Open",
        None,
        None,
    )
    assert (breach["kind"], breach["outcome"]) == ("Breach", "Upheld")
    assert breach["breach"]["value"] == "0.431000"
    assert (await get(client, "/cases?model=1&outcome=Open"))["items"] == []


async def test_case__with_a_vote__amounts_and_ids_stay_exact(client: httpx.AsyncClient) -> None:
    found = await get(client, "/cases/1")
    assert found["vote"]["proposal"] == str(LARGE)
    assert found["votes"] == {"for": str(LARGE), "against": "5", "abstain": "0", "ballots": 2}
    assert found["closed"]["time"] == "2026-11-02T18:00:00Z"


async def test_proposals__by_time__pending_active_and_ended(client: httpx.AsyncClient) -> None:
    found = (await get(client, "/proposals"))["items"]
    assert [(one["number"], one["state"]) for one in found] == [(2, "active"), (1, "ended")]
    one = await get(client, "/proposals/1")
    assert one["calls"] == [{"target": "0x" + "11" * 20, "value": "0", "data": "0x12345678"}]
    assert (one["title"], one["description"]) == ("Change the limit", "Change the limit\n\nfor the better")


async def test_monitors__all__agreement_is_counted(client: httpx.AsyncClient) -> None:
    found = {one["address"]: one for one in (await get(client, "/monitors"))["items"]}
    assert {who: (one["signed"], one["agreed"], one["differed"]) for who, one in found.items()} == {
        MONITORS[0]: (2, 2, 0),
        MONITORS[1]: (2, 0, 2),
        MONITORS[2]: (2, 2, 0),
    }
    one = await get(client, f"/monitors/{MONITORS[1]}")
    assert [frame["frame"] for frame in one["differed_frames"]] == [2, 1]
    assert one["watches"] == [{"model": 1, "panel": 3}]


@pytest.mark.parametrize(
    ("asked", "kinds"),
    [
        (f"account={HOLDER.lower()}&kind=ballots", ["VoteCast", "VoteCast"]),
        ("kind=states&model=1", ["StateChanged", "StateChanged"]),
        ("kind=states&since=2026-11-02T21:00:00Z", ["HaltChanged"]),
        ("kind=states&before=2026-11-02T22:00:00%2B02:00", ["StateChanged", "StateChanged"]),
        ("kind=cases&model=2", ["CaseOpened"]),
    ],
)
async def test_audit__filtered__only_those(client: httpx.AsyncClient, asked: str, kinds: list[str]) -> None:
    assert [one["kind"] for one in (await get(client, f"/audit?{asked}"))["items"]] == kinds


async def test_audit__arguments__integers_are_decimal_text(client: httpx.AsyncClient) -> None:
    against, in_favour = (await get(client, "/audit?kind=ballots"))["items"]
    assert (in_favour["arguments"]["weight"], against["arguments"]["weight"]) == (str(LARGE), "5")


MISSING = (
    *("/models/4", "/models/x", "/models/01", "/models/-1", "/models/1e3", f"/models/{2**64}"),
    *("/models/4/reports", "/reports/1/1/3", "/reports/1/2/2", "/cases/9", "/proposals/3"),
    *("/monitors/0x" + "55" * 20, "/monitors/0x1", "/nothing"),
)
ODD = (
    *("limit=0", "limit=101", "limit=x", "limit=", "limit=1&limit=2", "page=2", "id=1", "state=active"),
    *("cursor=AAAA", "cursor=" + "%2B" * 16),
)


@pytest.mark.parametrize("path", MISSING)
async def test_unknown__404_as_a_problem_with_the_mend(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("asked", ODD)
async def test_odd_question__400_as_a_problem_with_the_mend(client: httpx.AsyncClient, asked: str) -> None:
    answer = await client.get(f"/models?{asked}")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert "openapi.json" in answer.json()["mend"] or "once" in answer.json()["mend"]


@pytest.mark.parametrize("time", ["now", "2026-11-01", "2026-11-01T12:00:00", "2026-02-30T12:00:00Z"])
async def test_audit__odd_time__400(client: httpx.AsyncClient, time: str) -> None:
    assert (await client.get(f"/audit?since={time}")).status_code == 400
