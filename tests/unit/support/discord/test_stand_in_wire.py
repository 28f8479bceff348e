"""What is below the library: compression, privileged intents, names, validation, the process, the page."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import zlib
from pathlib import Path
from typing import Any

import aiohttp
import discord
import pytest

from support.discord import payloads
from support.discord.client import Control, connector, token
from support.discord.gateway import COMPRESSORS
from support.discord.sample import PATIENCE_S, Bot, Vote, find_description, running
from support.discord.server import StandIn
from support.discord.validation import Exchange, Ledger

TESTS = Path(__file__).resolve().parents[3]


@pytest.fixture
async def session(stand_in: StandIn) -> Any:
    timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
    async with aiohttp.ClientSession(connector=connector(stand_in.folder), timeout=timeout) as ready:
        yield ready


@pytest.mark.parametrize("compress", ["zlib-stream", "zstd-stream", ""])
async def test_gateway__compression__whole_messages(
    stand_in: StandIn, session: aiohttp.ClientSession, compress: str
) -> None:
    query = f"&compress={compress}" if compress else ""
    async with session.ws_connect(f"wss://gateway.discord.gg/?v=10&encoding=json{query}") as socket:
        unpack = _unpacker(compress)
        assert unpack((await socket.receive()).data)["op"] == 10
        secret = token(stand_in.folder)
        await socket.send_json({"op": 2, "d": {"token": secret, "intents": 1, "properties": {}}})
        assert [unpack((await socket.receive()).data)["t"] for _ in range(2)] == ["READY", "GUILD_CREATE"]
        await socket.send_json({"op": 1, "d": 2})
        assert unpack((await socket.receive()).data)["op"] == 11


def _unpacker(compress: str) -> Any:
    stream: Any
    if compress == "zlib-stream":
        stream = zlib.decompressobj()
    elif compress == "zstd-stream":
        import zstandard

        stream = zstandard.ZstdDecompressor().decompressobj()
    else:
        return json.loads
    return lambda data: json.loads(stream.decompress(data))


async def test_login__with_zlib_instead_of_zstd__ready(
    stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Zlib:
        """What discord.py does where zstandard is not installed."""

        COMPRESSION_TYPE = "zlib-stream"

        def __init__(self) -> None:
            self._stream = zlib.decompressobj()

        def decompress(self, data: bytes) -> str:
            return self._stream.decompress(data).decode()

    monkeypatch.setattr(discord.utils, "_ActiveDecompressionContext", Zlib)
    async with running(stand_in.folder) as bot:
        assert bot.is_ready()


def test_compressors__names__those_that_clients_ask_for() -> None:
    assert COMPRESSORS.keys() == {"", "zlib-stream", "zstd-stream"}


@pytest.mark.parametrize(
    ("change", "code"), [({"token": "another"}, 4004), ({"intents": 1 << 15}, 4014)], ids=["token", "intents"]
)
async def test_identify__not_allowed__closed_with_discords_code(
    stand_in: StandIn, session: aiohttp.ClientSession, change: dict[str, Any], code: int
) -> None:
    async with session.ws_connect("wss://gateway.discord.gg/?v=10&encoding=json") as socket:
        await socket.receive()
        data = {"token": token(stand_in.folder), "intents": 1, "properties": {}} | change
        await socket.send_json({"op": 2, "d": data})
        assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
        assert socket.close_code == code


async def test_connector__another_host__refused(session: aiohttp.ClientSession) -> None:
    with pytest.raises(aiohttp.ClientConnectorError):
        await session.get("https://example.org/")


async def test_rest__content_type__exactly_json(stand_in: StandIn, session: aiohttp.ClientSession) -> None:
    headers = {"Authorization": f"Bot {token(stand_in.folder)}"}
    async with session.get("https://discord.com/api/v10/users/@me", headers=headers) as answer:
        assert answer.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("path", ["/users/@me", "/applications/@me", "/gateway/bot", "/guilds/{guild}"])
async def test_rest__every_read__valid_and_needs_the_token(
    stand_in: StandIn, session: aiohttp.ClientSession, path: str
) -> None:
    address = "https://discord.com/api/v10" + path.format(guild=stand_in.world.guild_id)
    async with session.get(address) as refused:
        assert refused.status == 401
    async with session.get(address, headers={"Authorization": f"Bot {token(stand_in.folder)}"}) as answer:
        assert answer.status == 200


async def test_rest__unknown_route__404_and_named(
    stand_in: StandIn, session: aiohttp.ClientSession, control: Control
) -> None:
    headers = {"Authorization": f"Bot {token(stand_in.folder)}"}
    async with session.get("https://discord.com/api/v10/sticker-packs", headers=headers) as answer:
        assert answer.status == 404
    assert (await control.get("validation"))["unsupported"] == [{"method": "GET", "path": "/sticker-packs"}]


def _judged(method: str, path: str, *, body: Any = None, query: dict[str, str] | None = None) -> list[str]:
    description = find_description()
    if description is None:
        pytest.skip("shared/discord-openapi.json is not beside the checkout")
    ledger = Ledger(description)
    ledger.record(Exchange(method, path, query or {}, body, 0, 204, None), supported=True)
    return [one["reason"] for one in ledger.report()["requests"]]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/channels/1/messages", {"content": "hello", "embeds": [{"title": "t"}]}),
        ("/webhooks/1/token/messages/@original", {"content": "edited"}),
        ("/interactions/1/token/callback", {"type": 5, "data": {"flags": 64}}),
    ],
)
def test_validation__good_request__silent(path: str, body: dict[str, Any]) -> None:
    assert _judged("PATCH" if "@original" in path else "POST", path, body=body) == []


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [
        ("/channels/1/messages", {"content": 5}, "$.content"),
        ("/channels/1/messages", {"embeds": [{"title": "x" * 257}]}, "$.embeds[0].title"),
        ("/channels/1/messages", None, "body: missing"),
        ("/users/@me/channels", {"recipient_id": "ada"}, "recipient_id"),
        ("/nothing/1", {}, "no such method and path"),
    ],
)
def test_validation__bad_request__reason_names_the_field(path: str, body: Any, named: str) -> None:
    (reason,) = _judged("POST", path, body=body)
    assert named in reason


def test_validation__bad_query__named() -> None:
    reasons = _judged("GET", "/channels/1/messages", query={"limit": "500", "colour": "red"})
    assert sorted(one.split(":")[0] for one in reasons) == ["query colour", "query limit"]


def test_validation__literal_path__before_the_templated_one() -> None:
    # The templated sibling, /webhooks/{id}/{token}/messages/{message_id}, would take it for a message id.
    description = find_description()
    if description is None:
        pytest.skip("shared/discord-openapi.json is not beside the checkout")
    from support.discord.validation import Description

    found = Description(description).find("PATCH", "/webhooks/1/t/messages/@original")
    assert found is not None
    assert found[0].endswith("@original")


async def test_process__started_by_name__ready_in_time_and_stops_on_sigterm(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "support.discord", "--folder", str(tmp_path)]
    started = time.monotonic()
    with subprocess.Popen(  # noqa: ASYNC220 - returns at once; waiting for it is done in a thread
        command, cwd=TESTS, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            while not (tmp_path / "ports.json").exists():
                assert process.poll() is None
                assert time.monotonic() - started < PATIENCE_S
                await asyncio.sleep(0.01)
            async with running(tmp_path) as bot:
                assert bot.is_ready()
        finally:
            os.kill(process.pid, signal.SIGTERM)
        said, _ = await asyncio.to_thread(process.communicate, timeout=PATIENCE_S)
    assert process.returncode == 0
    assert (tmp_path / "bot-token").read_text() not in said
    assert not (tmp_path / "ports.json").exists()


async def test_page__message_with_button__shown_and_escaped(bot: Bot, control: Control) -> None:
    view = discord.ui.View(timeout=None)
    view.add_item(Vote(7))
    view.add_item(discord.ui.Button(label="Evidence", url="https://example.org/e"))
    embed = discord.Embed(title="<script>alert(1)</script>", description="**47** <t:1700000000:R>")
    await bot.text_channel().send("hello", embed=embed, view=view)
    page = (await control.raw("/")).decode()
    assert 'data-press="vote:7"' in page
    assert 'href="https://example.org/e"' in page
    assert '<b>47</b> <time data-at="1700000000" data-style="R"></time>' in page
    assert "<script>alert" not in page


async def test_page__private_answer__only_for_its_user(bot: Bot, control: Control) -> None:
    view = discord.ui.View(timeout=None)
    view.add_item(Vote(7))
    sent = await bot.text_channel().send("Vote", view=view)
    await control.post("press", user="ben", message_id=str(sent.id), custom_id="vote:7", wait=PATIENCE_S)
    assert "Open the ballot" in (await control.raw("/part?user=ben")).decode()
    assert "Open the ballot" not in (await control.raw("/part?user=ada")).decode()


@pytest.mark.parametrize(("name", "kind"), [("page.js", "javascript"), ("page.css", "css")])
async def test_page__static_files__served(stand_in: StandIn, name: str, kind: str) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{stand_in.control_port}/{name}") as answer,
    ):
        assert answer.status == 200
        assert kind in answer.headers["Content-Type"]


async def test_add_user__new_name__acts_at_once(bot: Bot, control: Control) -> None:
    await bot.tree.sync()
    await control.post("users", name="fay")
    answer = await control.post("command", user="fay", name="power", options={"who": "fay"}, wait=PATIENCE_S)
    assert answer["messages"][0]["content"] == "fay at 0"


def test_guild_create__owner_and_members__named(stand_in: StandIn) -> None:
    found = payloads.guild_create(stand_in.world)
    assert found["owner_id"] == stand_in.world.owner.id
    assert found["member_count"] == len(found["members"]) == 6
