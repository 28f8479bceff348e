"""Incidents at a real receiver: one that fails, hangs, is restarted, sends elsewhere, or is told by two."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from support.processes import free_port
from tribune.chain.client import Chain
from tribune.chain.types import utc
from tribune.exceptions import ConfigurationError
from tribune.settings import WebSettings
from tribune.store.final import newest_rows
from tribune.store.queries import set_checkpoint
from tribune.store.session import Store, open_store
from tribune.store.states import OutboxState
from tribune.store.vitals import INDEX
from tribune.sync.indexer import Indexer
from tribune.web.webhooks.delivery import Webhooks
from tribune.web.webhooks.promises import Target, begin
from unit.gate.serving import served
from unit.web.public.world import NOW_H, StillChain, at, hex32
from unit.web.webhooks.test_promises import INCIDENT, incident

KEY = b"k" * 32
PATIENCE_S = 30


class Confirmed(StillChain):
    """A chain whose blocks are final at once."""

    finality_blocks = 0

    async def block_time(self, number: int) -> datetime:
        return utc(at(40))


class Receiver:
    """A web server that takes webhooks and answers what it is told to: a status, or nothing for a while."""

    def __init__(self) -> None:
        self.answers: list[int | None] = []
        self.taken: list[tuple[str, dict[str, Any]]] = []
        self.ids: list[str] = []

    async def take(self, request: Request) -> Response:
        body, headers = await request.body(), request.headers
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        expected = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
        assert headers["webhook-signature"] == f"v1,{expected}"
        self.ids.append(headers["webhook-id"])
        status = self.answers.pop(0) if self.answers else 204
        if status is None:
            await asyncio.sleep(2)
            return Response(status_code=500)
        if status == 307:
            return RedirectResponse("/elsewhere", 307)
        if status < 300:
            self.taken.append((headers["webhook-id"], json.loads(body)))
        return Response(status_code=status)

    @property
    def types(self) -> list[str]:
        return [document["type"] for _, document in self.taken]

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/{path:path}", self.take, methods=["POST"])])


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("PAUSES_S", (0.01, 0.1)), ("LOOK_S", 0.05), ("RETRY_S", 0.05)):
        monkeypatch.setattr(f"tribune.web.webhooks.delivery.{name}", value)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An index with an incident that nobody was told of."""
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as opened:
        with opened.session() as session:
            for name in ("ops", "dead"):
                begin(session, Target(name), 0)
            incident(session)
            set_checkpoint(session, INDEX, NOW_H + 1, hex32(NOW_H))
        yield opened


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_text(f"whsec_{base64.b64encode(KEY).decode()}\n")
    return tmp_path / "secret"


@asynccontextmanager
async def telling(store: Store, secret: Path, *ports: int, **options: Any) -> AsyncIterator[None]:
    """Tell `ops` at the first port and `dead` at a second one."""
    hooks = {
        name: {"url": f"http://127.0.0.1:{port}/x", "secret_file": secret, "timeout_s": 0.5, **options}
        for name, port in zip(("ops", "dead"), ports, strict=False)
    }
    web = WebSettings.model_validate({"webhooks": hooks, "public_url": "https://dao.example"})
    chain = cast(Chain, Confirmed())
    task = asyncio.create_task(Webhooks(web, store, chain, Indexer(chain, store, {})).run())
    try:
        yield
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not holds():  # noqa: ASYNC110 - the store tells nobody
            await asyncio.sleep(0.02)


def states(store: Store, name: str = "ops") -> list[str]:
    with store.session(readonly=True) as session:
        return [row.state for row in reversed(newest_rows(session, f"webhook/{name}"))]


async def test_receiver__fails_hangs_and_is_restarted__is_told_all_in_order_once(
    store: Store, secret: Path
) -> None:
    receiver, port = Receiver(), free_port()
    async with telling(store, secret, port):
        receiver.answers = [500, 404, 204, None]
        async with served(receiver.app(), port):
            await until(lambda: len(receiver.ids) == 4)
        async with served(receiver.app(), port):
            await until(lambda: states(store) == [OutboxState.DONE] * len(INCIDENT))
    assert tuple(receiver.types) == INCIDENT
    assert len({message for message, _ in receiver.taken}) == len(INCIDENT)
    assert len(set(receiver.ids[:3])) == 1


async def test_receiver__takes_nothing__is_given_up_and_others_hear_all(store: Store, secret: Path) -> None:
    receiver, broken = Receiver(), Receiver()
    broken.answers = [503] * 100
    async with (
        served(receiver.app()) as port,
        served(broken.app()) as dead,
        telling(store, secret, port, dead, attempts=2),
    ):
        await until(lambda: states(store, "dead") == [OutboxState.FAILED] * len(INCIDENT))
        await until(lambda: len(receiver.taken) == len(INCIDENT))
    assert [broken.ids.count(one) for one in dict.fromkeys(broken.ids)] == [2] * len(INCIDENT)


async def test_receiver__sends_elsewhere__is_not_followed(store: Store, secret: Path) -> None:
    receiver = Receiver()
    receiver.answers = [307]
    async with served(receiver.app()) as port, telling(store, secret, port):
        await until(lambda: len(receiver.taken) == len(INCIDENT))
    assert len(receiver.ids) == len(INCIDENT) + 1


async def test_two_processes__on_one_store__tell_once(store: Store, secret: Path) -> None:
    receiver = Receiver()
    async with (
        served(receiver.app()) as port,
        telling(store, secret, port),
        telling(store, secret, port),
    ):
        await until(lambda: states(store) == [OutboxState.DONE] * len(INCIDENT))
    assert tuple(receiver.types) == INCIDENT


async def test_two_processes__that_name_other_receivers__each_receiver_is_told(
    store: Store, secret: Path
) -> None:
    ops, dead = Receiver(), Receiver()
    async with served(ops.app()) as port, served(dead.app()) as second:
        async with telling(store, secret, port, second):
            await until(lambda: ops.taken)  # some may be owed to the second still
        async with telling(store, secret, port):
            await until(lambda: states(store) == [OutboxState.DONE] * len(INCIDENT))
            async with telling(store, secret, port, second):
                await until(lambda: states(store, "dead") == [OutboxState.DONE] * len(INCIDENT))
    for receiver in (ops, dead):  # who was stopped amid a message sends it again
        assert tuple(dict.fromkeys(receiver.types)) == INCIDENT


async def test_restart__amid_deliveries__goes_on_where_it_was(store: Store, secret: Path) -> None:
    receiver = Receiver()
    receiver.answers = [204, 204, *[503] * 200]
    async with served(receiver.app()) as port:
        async with telling(store, secret, port):
            await until(lambda: len(receiver.ids) > 4)
        receiver.answers = []
        async with telling(store, secret, port):
            await until(lambda: states(store) == [OutboxState.DONE] * len(INCIDENT))
    assert tuple(receiver.types) == INCIDENT


def test_webhooks__unusable_secret__configuration_error_at_once(store: Store, tmp_path: Path) -> None:
    hook = {"url": "http://127.0.0.1:9/", "secret_file": tmp_path / "none"}
    web = WebSettings.model_validate({"webhooks": {"ops": hook}})
    chain = cast(Chain, Confirmed())
    with pytest.raises(ConfigurationError, match="none"):
        Webhooks(web, store, chain, Indexer(chain, store, {}))
