"""What an operator's own systems are told, with real commands and a real web server."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tribune.exceptions import ConfigurationError
from tribune.gate.problem import Subject
from tribune.gate.status import StatusView
from tribune.gate.telling.channels import Command, Webhook
from tribune.gate.telling.hooks import Hooks, Terms, hooks_of
from tribune.gate.telling.notices import HALT, Ledger, Notice
from tribune.ids import VersionNumber
from tribune.settings import Settings, load_settings
from tribune.webhooks import NotTakenError
from tribune.webhooks import Receiver as WebhookReceiver
from unit.gate.chain import ACTIVE, CASE, MODEL, SUSPENDED, VERSION, until, view_of
from unit.gate.serving import served

SUBJECT = Subject(MODEL, VERSION, "acs-employment", "https://dao.example")
KEY = base64.b64encode(b"k" * 32).decode()
HALTED = replace(SUSPENDED, block_number=813)
AGAIN = replace(ACTIVE, block_number=814, epoch=2)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tribune.gate.telling.hooks.PAUSES_S", (0.01, 0.05))


@pytest.fixture
def told(tmp_path: Path) -> Path:
    """Where the command below writes what it was told, a line each time."""
    return tmp_path / "told"


def _command(told: Path, *, timeout_s: float = 10.0, then: str = "true", **options: Any) -> Command:
    script = f'cat | sed "s/$/ $HOOK_EVENT $HOOK_ID $HOOK_MODEL_ID $HOOK_CAUSE\\n/" >> "{told}"; {then}'
    run = ["sh", "-c", script]
    return Command(run, run, timeout_s=timeout_s, **options)


def _notice() -> Notice:
    return Notice("msg_1", HALT, 0.0, {"model_id": 1})


async def _written(file: Path) -> str:
    """Return what a command writes into a file, once it has."""
    await until(lambda: file.exists() and file.read_text().strip())
    return file.read_text()  # noqa: ASYNC240 - a line


def _lines(told: Path) -> list[tuple[dict[str, Any], list[str]]]:
    lines = [line for line in told.read_text().splitlines() if line] if told.exists() else []
    found = []
    for line in lines:
        document, end = json.JSONDecoder().raw_decode(line)
        found.append((document, line[end:].split()))
    return found


def _update(view: StatusView, reading: Any) -> None:
    view.update(reading, asked_at=time.monotonic())


@asynccontextmanager
async def _telling(
    view: StatusView, channel: Any, folder: Path, *, max_staleness_s: float = 30, **options: Any
) -> AsyncIterator[Hooks]:
    terms = Terms(folder, max_staleness_s, **{"attempts": 5, **options})
    hooks = Hooks([(SUBJECT, view)], [channel], terms)
    task = asyncio.create_task(hooks.run())
    await asyncio.sleep(0.02)
    try:
        yield hooks
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_halt_and_resume__command__is_told_each_with_its_facts(told: Path, tmp_path: Path) -> None:
    view = view_of(ACTIVE)
    async with _telling(view, _command(told), tmp_path / "state"):
        _update(view, HALTED)
        await until(lambda: len(_lines(told)) == 1)
        _update(view, AGAIN)
        await until(lambda: len(_lines(told)) == 2)
    (halt, halt_facts), (resume, resume_facts) = _lines(told)
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
    async with _telling(view_of(ACTIVE), _command(told), tmp_path / "state") as hooks:
        await asyncio.sleep(0.1)
        assert (_lines(told), hooks.owed) == ([], 0)


async def test_restart__halt_was_taken__tells_nothing_twice(told: Path, tmp_path: Path) -> None:
    for _ in range(3):
        async with _telling(view_of(HALTED), _command(told), tmp_path / "state") as hooks:
            await until(lambda: _lines(told) and not hooks.owed)
            await asyncio.sleep(0.05)
    assert len(_lines(told)) == 1


async def test_restart__halt_was_owed__is_tried_on_under_the_same_id(told: Path, tmp_path: Path) -> None:
    view = view_of(HALTED)
    async with _telling(view, _command(told, then="exit 3"), tmp_path / "state") as hooks:
        await until(lambda: len(_lines(told)) == 2)
        assert hooks.owed == 1
    before = len(_lines(told))
    async with _telling(view, _command(told), tmp_path / "state") as hooks:
        await until(lambda: not hooks.owed)
    assert len(_lines(told)) == before + 1
    assert len({facts[1] for _, facts in _lines(told)}) == 1


async def test_restart__resumed_meanwhile_and_halt_not_surely_taken__tells_how_things_stand(
    told: Path, tmp_path: Path
) -> None:
    async with _telling(view_of(HALTED), _command(told, then="exit 3"), tmp_path / "state"):
        await until(lambda: _lines(told))
    async with _telling(view_of(AGAIN), _command(told), tmp_path / "state") as hooks:
        await until(lambda: not hooks.owed)
    assert _lines(told)[-1][0]["type"] == "model.resumed"


async def test_attempts__none_is_taken__are_bounded_and_begin_anew_with_the_next_transition(
    told: Path, tmp_path: Path
) -> None:
    view = view_of(HALTED)
    failing = _command(told, then='test "$HOOK_EVENT" = resume')
    async with _telling(view, failing, tmp_path / "state", attempts=3) as hooks:
        await until(lambda: len(_lines(told)) == 3)
        await asyncio.sleep(0.3)
        assert (len(_lines(told)), hooks.owed) == (3, 1)
        _update(view, AGAIN)
        await until(lambda: not hooks.owed)
    assert [facts[0] for _, facts in _lines(told)] == ["halt"] * 3 + ["resume"]


async def test_view__too_old__counts_as_halted(told: Path, tmp_path: Path) -> None:
    view = view_of(ACTIVE)
    async with _telling(view, _command(told), tmp_path / "state", max_staleness_s=0.3):
        await until(lambda: _lines(told))
    assert _lines(told)[0][0]["data"]["cause"] == "state-unknown"


async def test_start__nothing_read_yet__waits_before_it_counts_as_halted(told: Path, tmp_path: Path) -> None:
    began = time.monotonic()
    async with _telling(StatusView(MODEL), _command(told), tmp_path / "state", max_staleness_s=0.4):
        await until(lambda: _lines(told))
    assert time.monotonic() - began >= 0.4


async def test_observed_only__tells_nobody_and_notes_nothing(told: Path, tmp_path: Path) -> None:
    async with _telling(view_of(HALTED), _command(told), tmp_path / "state", enforce=False):
        await asyncio.sleep(0.1)
    assert _lines(told) == []
    async with _telling(view_of(HALTED), _command(told), tmp_path / "state"):
        await until(lambda: _lines(told))


async def test_folder__gone_while_it_runs__halt_is_told_all_the_same(told: Path, tmp_path: Path) -> None:
    view = view_of(ACTIVE)
    async with _telling(view, _command(told), tmp_path / "state"):
        shutil.rmtree(tmp_path / "state")
        _update(view, HALTED)
        await until(lambda: _lines(told))


async def test_command__on_halt_only__leaves_the_end_alone(told: Path, tmp_path: Path) -> None:
    view = view_of(HALTED)
    only = Command(_command(told)._commands[True], [], timeout_s=5)
    async with _telling(view, only, tmp_path / "state") as hooks:
        await until(lambda: _lines(told) and not hooks.owed)
        _update(view, AGAIN)
        await asyncio.sleep(0.05)
        _update(view, replace(HALTED, block_number=815))
        await until(lambda: len(_lines(told)) == 2)
    assert [facts[0] for _, facts in _lines(told)] == ["halt", "halt"]


async def test_command__takes_too_long__is_killed_with_what_it_started(told: Path, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    slow = Command(["sh", "-c", f'sleep 60 & echo $! $$ > "{pids}"; wait'], [], timeout_s=0.3)
    async with _telling(view_of(HALTED), slow, tmp_path / "state", attempts=1):
        child, own = map(int, (await _written(pids)).split())
        await until(lambda: not _alive(child))
        await until(lambda: not _is_there(own))  # it was waited for, too


ESCAPES = (
    "import os, time; os.fork() and os._exit({code}) or os.setsid(); "
    "print(os.getpid(), file=open({pid!r}, 'w'), flush=True); time.sleep(60)"
)
"""A program that leaves another behind, which holds its pipes and is in no group of its own."""


@pytest.mark.parametrize(("code", "owed"), [(0, 0), (3, 1)])
async def test_command__leaves_a_process_behind__is_at_its_end_all_the_same(
    code: int, owed: int, tmp_path: Path
) -> None:
    pid = tmp_path / "pid"
    leaves = Command([sys.executable, "-c", ESCAPES.format(code=code, pid=str(pid))], [], timeout_s=20)
    view = view_of(HALTED)
    async with _telling(view, leaves, tmp_path / "state", attempts=1) as hooks:
        left = int(await _written(pid))
        try:
            await asyncio.sleep(1.5)
            assert hooks.owed == owed
            _update(view, AGAIN)  # who waited for the pipes would never come to this
            await until(lambda: not hooks.owed)
            assert _is_there(left)
        finally:
            os.kill(left, signal.SIGKILL)


async def test_command__takes_too_long_and_its_child_escapes__next_transition_is_told(
    told: Path, tmp_path: Path
) -> None:
    pid = tmp_path / "pid"
    stuck = f'"{sys.executable}" -c "{ESCAPES.format(code=0, pid=str(pid))}"; sleep 60'
    one = Command(["sh", "-c", stuck], _command(told)._commands[False], timeout_s=1.5)
    view = view_of(HALTED)
    async with _telling(view, one, tmp_path / "state", attempts=1):
        left = int(await _written(pid))
        try:
            _update(view, AGAIN)
            await until(lambda: _lines(told))
        finally:
            os.kill(left, signal.SIGKILL)
    assert _lines(told)[-1][1][0] == "resume"


async def test_command__cancelled_at_any_moment__ends_and_leaves_nothing_running(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    script = f'echo $$ >> "{pids}"; cat; sleep 60 & echo $! >> "{pids}"; wait'
    slow = Command(["sh", "-c", script], [], timeout_s=60)
    for turn in range(40):
        telling = asyncio.create_task(slow.deliver(_notice()))
        if turn % 4:
            await asyncio.sleep(turn / 2000)
        else:
            for _ in range(turn // 4):
                await asyncio.sleep(0)
        telling.cancel()
        async with asyncio.timeout(10):
            with pytest.raises(asyncio.CancelledError):
                await telling
    for pid in map(int, pids.read_text().split()):
        await until(lambda pid=pid: not _alive(pid))


async def test_command__may_not_be_killed__is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pids = []

    def refused(pid: int, _: int) -> None:
        pids.append(pid)
        raise PermissionError

    monkeypatch.setattr("os.killpg", refused)
    monkeypatch.setattr("tribune.gate.telling.channels._KILLED_S", 0.1)
    slow = Command(["sleep", "60"], [], timeout_s=0.1)
    async with asyncio.timeout(10):
        with pytest.raises(NotTakenError, match="longer than"):
            await slow.deliver(_notice())
    await until(lambda: not _is_there(pids[0]))  # asyncio kills it by itself, as nobody forbids it here
    await asyncio.sleep(0.05)


async def test_command__not_there__is_tried_again(tmp_path: Path) -> None:
    missing = Command([str(tmp_path / "missing")], [], timeout_s=1)
    async with _telling(view_of(HALTED), missing, tmp_path / "state") as hooks:
        await asyncio.sleep(0.1)
        assert hooks.owed == 1


async def test_command__gets_no_secret_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "0x" + "11" * 32)
    monkeypatch.setenv("HARMLESS", "yes")
    seen = tmp_path / "seen"
    shows = Command(
        ["sh", "-c", f'env > "{seen}.tmp"; mv "{seen}.tmp" "{seen}"'], [], timeout_s=5, secrets=["MY_KEY"]
    )
    async with _telling(view_of(HALTED), shows, tmp_path / "state"):
        await until(seen.exists)
    assert "HARMLESS=yes" in seen.read_text()
    assert "MY_KEY" not in seen.read_text()


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
        async with _telling(view_of(HALTED, case=CASE), hook, tmp_path / "state") as hooks:
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
        async with _telling(view_of(HALTED), hook, tmp_path / "state") as hooks:
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
        async with _telling(view, hook, tmp_path / "state", attempts=100) as hooks:
            receiver.answers = [503] * 100
            _update(view, HALTED)
            await until(lambda: len(receiver.seen) >= 2)
            receiver.answers = []
            _update(view, AGAIN)
            await until(lambda: not hooks.owed)
    kinds = [json.loads(body)["type"] for _, body in receiver.seen]
    assert (kinds[0], kinds[-1]) == ("model.halted", "model.resumed")


async def test_webhook__nobody_listens__is_owed(secret: Path, tmp_path: Path) -> None:
    hook = Webhook(WebhookReceiver("http://127.0.0.1:9/halt", secret, timeout_s=1))
    async with _telling(view_of(HALTED), hook, tmp_path / "state") as hooks:
        await asyncio.sleep(0.1)
        assert hooks.owed == 1


async def test_webhook__secret_replaced__is_signed_with_both(secret: Path, tmp_path: Path) -> None:
    receiver = Receiver()
    async with served(receiver.app()) as port:
        hook = Webhook(WebhookReceiver(f"http://127.0.0.1:{port}/halt", secret, timeout_s=5))
        _append(secret, f"whsec_{base64.b64encode(b'n' * 24).decode()}\n")
        async with _telling(view_of(HALTED), hook, tmp_path / "state"):
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
        _update(views[model_id], replace(HALTED, version=VersionNumber(7)))
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


def _is_there(pid: int) -> bool:
    """Whether a process runs, or has ended and not been waited for."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().split()[2] if sys.platform == "linux" else "R"
    except FileNotFoundError:
        return False
    return state != "Z" and _is_there(pid)
