"""What an operator's own systems are told, with real commands and a real web server."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tribune.exceptions import ConfigurationError
from tribune.gate.status import StatusView
from tribune.gate.telling.channels import Command, Webhook
from tribune.gate.telling.hooks import hooks_of
from tribune.gate.telling.notices import Ledger
from tribune.ids import VersionNumber
from tribune.settings import Settings, load_settings
from tribune.webhooks import Receiver as WebhookReceiver
from unit.gate.chain import ACTIVE, CASE, MODEL, until, view_of
from unit.gate.serving import served
from unit.gate.telling.notified import AGAIN, HALTED, command, lines, telling, update

KEY = base64.b64encode(b"k" * 32).decode()


async def test_halt_and_resume__command__is_told_each_with_its_facts(told: Path, tmp_path: Path) -> None:
    view = view_of(ACTIVE)
    async with telling(view, command(told), tmp_path / "state"):
        update(view, HALTED)
        await until(lambda: len(lines(told)) == 1)
        update(view, AGAIN)
        await until(lambda: len(lines(told)) == 2)
    (halt, halt_facts), (resume, resume_facts) = lines(told)
    assert (halt["type"], resume["type"]) == ("model.halted", "model.resumed")
    assert halt_facts[0::2] == ["halt", "1"]
    assert halt_facts[3] == "model-suspended"
    assert resume_facts[0::2] == ["resume", "1"]
    assert halt_facts[1] != resume_facts[1]
    data = halt["data"]
    assert (data["model_id"], data["version"], data["block"], data["cause"]) == (1, 1, 813, "model-suspended")
    assert data["problem"]["title"] == "This model is stopped"
    assert (resume["data"]["block"], resume["data"]["epoch"]) == (814, 2)


async def test_start__model_runs_and_nothing_was_ever_told__tells_nothing(told: Path, tmp_path: Path) -> None:
    async with telling(view_of(ACTIVE), command(told), tmp_path / "state") as hooks:
        await asyncio.sleep(0.1)
        assert (lines(told), hooks.owed) == ([], 0)


async def test_restart__halt_was_taken__tells_nothing_twice(told: Path, tmp_path: Path) -> None:
    for _ in range(3):
        async with telling(view_of(HALTED), command(told), tmp_path / "state") as hooks:
            await until(lambda: lines(told) and not hooks.owed)
            await asyncio.sleep(0.05)
    assert len(lines(told)) == 1


async def test_restart__halt_was_owed__is_tried_on_under_the_same_id(told: Path, tmp_path: Path) -> None:
    view = view_of(HALTED)
    async with telling(view, command(told, then="exit 3"), tmp_path / "state") as hooks:
        await until(lambda: len(lines(told)) == 2)
        assert hooks.owed == 1
    before = len(lines(told))
    async with telling(view, command(told), tmp_path / "state") as hooks:
        await until(lambda: not hooks.owed)
    assert len(lines(told)) == before + 1
    assert len({facts[1] for _, facts in lines(told)}) == 1


async def test_restart__resumed_meanwhile_and_halt_not_surely_taken__tells_how_things_stand(
    told: Path, tmp_path: Path
) -> None:
    async with telling(view_of(HALTED), command(told, then="exit 3"), tmp_path / "state"):
        await until(lambda: lines(told))
    async with telling(view_of(AGAIN), command(told), tmp_path / "state") as hooks:
        await until(lambda: not hooks.owed)
    assert lines(told)[-1][0]["type"] == "model.resumed"


async def test_attempts__none_is_taken__are_bounded_and_begin_anew_with_the_next_transition(
    told: Path, tmp_path: Path
) -> None:
    view = view_of(HALTED)
    failing = command(told, then='test "$HOOK_EVENT" = resume')
    async with telling(view, failing, tmp_path / "state", attempts=3) as hooks:
        await until(lambda: len(lines(told)) == 3)
        await asyncio.sleep(0.3)
        assert (len(lines(told)), hooks.owed) == (3, 1)
        update(view, AGAIN)
        await until(lambda: not hooks.owed)
    assert [facts[0] for _, facts in lines(told)] == ["halt"] * 3 + ["resume"]


async def test_view__too_old__counts_as_halted(told: Path, tmp_path: Path) -> None:
    view = view_of(ACTIVE)
    async with telling(view, command(told), tmp_path / "state", max_staleness_s=0.3):
        await until(lambda: lines(told))
    assert lines(told)[0][0]["data"]["cause"] == "state-unknown"


async def test_start__nothing_read_yet__waits_before_it_counts_as_halted(told: Path, tmp_path: Path) -> None:
    began = time.monotonic()
    async with telling(StatusView(MODEL), command(told), tmp_path / "state", max_staleness_s=0.4):
        await until(lambda: lines(told))
    assert time.monotonic() - began >= 0.4


async def test_observed_only__tells_nobody_and_notes_nothing(told: Path, tmp_path: Path) -> None:
    async with telling(view_of(HALTED), command(told), tmp_path / "state", enforce=False):
        await asyncio.sleep(0.1)
    assert lines(told) == []
    async with telling(view_of(HALTED), command(told), tmp_path / "state"):
        await until(lambda: lines(told))


async def test_folder__gone_while_it_runs__halt_is_told_all_the_same(told: Path, tmp_path: Path) -> None:
    view = view_of(ACTIVE)
    async with telling(view, command(told), tmp_path / "state"):
        shutil.rmtree(tmp_path / "state")
        update(view, HALTED)
        await until(lambda: lines(told))


async def test_command__on_halt_only__leaves_the_end_alone(told: Path, tmp_path: Path) -> None:
    view = view_of(HALTED)
    only = Command(command(told)._commands[True], [], timeout_s=5)
    async with telling(view, only, tmp_path / "state") as hooks:
        await until(lambda: lines(told) and not hooks.owed)
        update(view, AGAIN)
        await asyncio.sleep(0.05)
        update(view, replace(HALTED, block_number=815))
        await until(lambda: len(lines(told)) == 2)
    assert [facts[0] for _, facts in lines(told)] == ["halt", "halt"]


class Receiver:
    """A web server that takes webhooks, and answers what it is told to."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.seen: list[tuple[dict[str, str], bytes]] = []

    async def take(self, request: Request) -> Response:
        self.seen.append((dict(request.headers), await request.body()))
        status = self.answers.pop(0) if self.answers else 204
        return RedirectResponse("/elsewhere", 307) if status == 307 else Response(status_code=status)

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/{path:path}", self.take, methods=["POST"])])


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    (tmp_path / "hook.secret").write_text(f"whsec_{KEY}\n")
    return tmp_path / "hook.secret"


async def test_webhook__halt__is_signed_so_that_a_receiver_can_tell(secret: Path, tmp_path: Path) -> None:
    receiver = Receiver()
    async with served(receiver.app()) as port:
        hook = Webhook(WebhookReceiver(f"http://127.0.0.1:{port}/halt", secret, timeout_s=5))
        async with telling(view_of(HALTED, case=CASE), hook, tmp_path / "state") as hooks:
            await until(lambda: receiver.seen and not hooks.owed)
    ((headers, body),) = receiver.seen
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(b"k" * 32, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 5
    assert json.loads(body)["data"]["problem"]["vote"] == "https://dao.example/b/7"


@pytest.mark.parametrize("first", [500, 404, 307])
async def test_webhook__not_taken_at_first__is_sent_again_under_the_same_id(
    secret: Path, tmp_path: Path, first: int
) -> None:
    receiver = Receiver()
    receiver.answers = [first, first]
    async with served(receiver.app()) as port:
        hook = Webhook(WebhookReceiver(f"http://127.0.0.1:{port}/halt", secret, timeout_s=5))
        async with telling(view_of(HALTED), hook, tmp_path / "state") as hooks:
            await until(lambda: len(receiver.seen) == 3 and not hooks.owed)
    assert len({headers["webhook-id"] for headers, _ in receiver.seen}) == 1
    assert len({body for _, body in receiver.seen}) == 1


async def test_webhook__resumed_before_the_halt_was_taken__is_told_that_instead(
    secret: Path, tmp_path: Path
) -> None:
    receiver = Receiver()
    view = view_of(ACTIVE)
    async with served(receiver.app()) as port:
        hook = Webhook(WebhookReceiver(f"http://127.0.0.1:{port}/halt", secret, timeout_s=5))
        async with telling(view, hook, tmp_path / "state", attempts=100) as hooks:
            receiver.answers = [503] * 100
            update(view, HALTED)
            await until(lambda: len(receiver.seen) >= 2)
            receiver.answers = []
            update(view, AGAIN)
            await until(lambda: not hooks.owed)
    kinds = [json.loads(body)["type"] for _, body in receiver.seen]
    assert (kinds[0], kinds[-1]) == ("model.halted", "model.resumed")


async def test_webhook__nobody_listens__is_owed(secret: Path, tmp_path: Path) -> None:
    hook = Webhook(WebhookReceiver("http://127.0.0.1:9/halt", secret, timeout_s=1))
    async with telling(view_of(HALTED), hook, tmp_path / "state") as hooks:
        await asyncio.sleep(0.1)
        assert hooks.owed == 1


async def test_webhook__secret_replaced__is_signed_with_both(secret: Path, tmp_path: Path) -> None:
    receiver = Receiver()
    async with served(receiver.app()) as port:
        hook = Webhook(WebhookReceiver(f"http://127.0.0.1:{port}/halt", secret, timeout_s=5))
        _append(secret, f"whsec_{base64.b64encode(b'n' * 24).decode()}\n")
        async with telling(view_of(HALTED), hook, tmp_path / "state"):
            await until(lambda: receiver.seen)
    assert len(receiver.seen[0][0]["webhook-signature"].split(" ")) == 2


@pytest.mark.parametrize("content", ["{", "[]", '{"told": "halt"}', '{"told": null, "owed": {"id": 1}}'])
def test_ledger__file_that_is_none__configuration_error(tmp_path: Path, content: str) -> None:
    (tmp_path / "1-command.json").write_text(content)
    with pytest.raises(ConfigurationError, match="1-command"):
        Ledger(tmp_path, MODEL, "command")


def test_ledger__folder_that_cannot_be__configuration_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="state"):
        Ledger(tmp_path / "file" / "state", MODEL, "command")


def _settings(folder: Path, gate: str = "", **hooks: Any) -> Settings:
    lines = [f"{name} = {json.dumps(value)}" for name, value in hooks.items()]
    text = f'[gate]\n{gate}\n[gate.hooks]\nstate = "{folder}/state"\n' + "\n".join(lines)
    (folder / "tribune.toml").write_text(text)
    return load_settings(folder / "tribune.toml")


def test_hooks_of__none_named__is_none(tmp_path: Path) -> None:
    assert hooks_of(_settings(tmp_path, "model = 1\nversion = 1"), StatusView) is None


def test_hooks_of__no_model__configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no model"):
        hooks_of(_settings(tmp_path, on_halt=["true"]), StatusView)


def test_hooks_of__unusable_secret__configuration_error_at_once(tmp_path: Path) -> None:
    settings = _settings(
        tmp_path, "models = [1]", webhook="https://ops.example/", webhook_secret_file=str(tmp_path / "none")
    )
    with pytest.raises(ConfigurationError, match="none"):
        hooks_of(settings, StatusView)


async def test_hooks_of__several_models__each_is_told_of(tmp_path: Path) -> None:
    views = {}

    def view(model_id: Any) -> StatusView:
        views[model_id] = StatusView(model_id)
        update(views[model_id], replace(HALTED, version=VersionNumber(7)))
        return views[model_id]

    seen = tmp_path / "seen"
    run = [
        "sh",
        "-c",
        f'cat > "{seen}-$HOOK_MODEL_ID.tmp"; mv "{seen}-$HOOK_MODEL_ID.tmp" "{seen}-$HOOK_MODEL_ID"',
    ]
    hooks = hooks_of(_settings(tmp_path, "models = [4, 5]", on_halt=run), view)
    assert hooks is not None
    task = asyncio.create_task(hooks.run())
    await until(lambda: (tmp_path / "seen-4").exists() and (tmp_path / "seen-5").exists() and not hooks.owed)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    document = json.loads((tmp_path / "seen-5").read_text())
    assert (document["data"]["model_id"], document["data"]["problem"]["version"]) == (5, 7)


def _append(file: Path, text: str) -> None:
    with file.open("a") as opened:
        opened.write(text)
