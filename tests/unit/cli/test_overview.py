"""Commands that read the index: a store with something of everything, one that is empty, and none at all."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from support.index import BEGAN, policy_set, put, registered
from tribune.cli import app
from tribune.store.session import Store, open_store
from unit.web.public.world import HOLDER, app_over, seed

Tribune = Callable[..., Result]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as opened, opened.session() as session:
        seed(session)
    return opened


@pytest.fixture
def tribune(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tribune:
    """Run a command beside the store, with no chain that answers."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Result:
        given = {"TRIBUNE_STORE_URL": f"sqlite:///{tmp_path / 'store.db'}"}
        return CliRunner().invoke(app, list(arguments), env=given, catch_exceptions=False)

    return run


def rows(ran: Result) -> list[list[str]]:
    assert ran.exit_code == 0, ran.output
    return [line.split("\t") for line in ran.stdout.splitlines()]


def answered(store: Store, folder: Path, path: str) -> Any:
    """Return what the JSON API answers."""

    async def ask() -> Any:
        transport = httpx.ASGITransport(app_over(store, folder))
        async with httpx.AsyncClient(transport=transport, base_url="https://dao.example") as client:
            return (await client.get(f"/api/v1{path}")).json()

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("command", "path"),
    [
        (("models",), "/models"),
        (("model", "show", "1"), "/models/1"),
        (("cases", "--model", "1"), "/cases?model=1"),
    ],
)
def test_json__of_each_list__is_the_answer_of_the_api(
    tribune: Tribune, store: Store, tmp_path: Path, command: tuple[str, ...], path: str
) -> None:
    ran = tribune(*command, "--json")
    assert ran.exit_code == 0, ran.output
    assert json.loads(ran.stdout) == answered(store, tmp_path, path)


def test_models__more_than_a_page_of_the_api__are_all_listed(tribune: Tribune, store: Store) -> None:
    with store.session() as session:
        put(session, *(registered(number, f"m{number}") for number in range(4, 251)))
    assert [row[0] for row in rows(tribune("models", "--limit", "1000"))] == [
        str(n) for n in range(250, 0, -1)
    ]
    few = tribune("models", "--limit", "150")
    assert len(rows(few)) == 150
    assert "--limit shows more" in few.stderr


def test_models__each__is_watched_in_the_words_of_the_pages(tribune: Tribune, store: Store) -> None:
    known = ["1", "acs-employment", "v1", "Paused", "Broke a rule"]
    assert known in rows(tribune("models"))
    assert ["model", *known] in rows(tribune("status"))
    assert ["Oversight", known[-1]] in rows(tribune("model", "show", "1"))


def test_status__without_a_chain__tells_what_the_index_has(tribune: Tribune, store: Store) -> None:
    ran = tribune("status")
    assert "as the index has it" in ran.stderr
    assert "Index: block" in ran.stderr
    told = json.loads(tribune("status", "--json").stdout)
    assert {one["id"]: one["oversight"] for one in told["models"]} == {
        1: "Breached",
        2: "Healthy",
        3: "Healthy",
    }
    assert told["status"]["chain_block"] is None


def test_cases__open_only__leaves_out_what_is_decided(tribune: Tribune, store: Store) -> None:
    assert [row[0] for row in rows(tribune("cases"))] == ["2", "1"]
    assert [row[0] for row in rows(tribune("cases", "--open"))] == ["2"]


def test_proposals__newest_first(tribune: Tribune, store: Store) -> None:
    assert [row[-1] for row in rows(tribune("proposals"))] == ["Change the panel", "Change the limit"]


def test_audit__filters__hold_together(tribune: Tribune, store: Store) -> None:
    ballots = rows(tribune("audit", "--kind", "ballots", "--who", HOLDER.lower()))
    assert len(ballots) == 2
    second = f"{BEGAN:%Y-%m-%d}T18:00:00Z"
    assert len(rows(tribune("audit", "--kind", "ballots", "--since", second))) == 1
    assert len(rows(tribune("audit", "--kind", "ballots", "--until", second))) == 1
    assert rows(tribune("audit", "--model", "3", "--kind", "cases")) == []


def test_audit__files__have_the_same_columns(tribune: Tribune, store: Store) -> None:
    listed = json.loads(tribune("audit", "--json", "--kind", "everything").stdout)
    sheet = list(
        csv.DictReader(io.StringIO(tribune("audit", "--format", "csv", "--kind", "everything").stdout))
    )
    assert len(sheet) == len(listed) > 20
    assert [list(one) for one in sheet[:1]] == [list(one) for one in listed[:1]]
    assert [one["event"] for one in sheet] == [one["event"] for one in listed]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--kind", "nonsense"), "There is no kind"),
        (("--who", "0x12"), "--who is no account"),
        (("--since", "yesterday"), "--since is 'yesterday'"),
    ],
)
def test_audit__wrong_filter__says_what_is_right(
    tribune: Tribune, store: Store, arguments: tuple[str, ...], words: str
) -> None:
    ran = tribune("audit", *arguments)
    assert (ran.exit_code, words in ran.stderr) == (2, True), ran.output


def test_model_show__panel__says_how_many_must_agree_or_that_one_is_alone(
    tribune: Tribune, store: Store
) -> None:
    assert ["Monitors", "2 of 3 must agree"] in rows(tribune("model", "show", "1"))
    with store.session() as session:
        put(session, policy_set(2, [], digest="0x" + "1" * 64, k=1, panel=["0x" + "1" * 40]))
    assert ["Monitors", "one monitor, not independent"] in rows(tribune("model", "show", "2"))


def test_model_show__unknown__was_looked_for(tribune: Tribune, store: Store) -> None:
    ran = tribune("model", "show", "99")
    assert ran.exit_code == 1
    assert "There is no model 99, as far as the chain has been read." in ran.stderr


@pytest.mark.parametrize("command", ["status", "models", "cases", "proposals", "audit"])
def test_command__no_index__could_not_look_and_makes_none(
    tribune: Tribune, tmp_path: Path, command: str
) -> None:
    ran = tribune(command)
    assert (ran.exit_code, ran.stdout) == (3, "")
    assert "tribune up" in ran.stderr
    assert list(tmp_path.iterdir()) == []


def test_command__index_that_holds_nothing__could_not_look(tribune: Tribune, tmp_path: Path) -> None:
    open_store(f"sqlite:///{tmp_path / 'store.db'}").close()
    ran = tribune("models")
    assert (ran.exit_code, ran.stdout) == (3, "")
    assert "holds nothing of the chain yet" in ran.stderr
