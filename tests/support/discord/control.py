"""The control interface: plain HTTP on loopback, for scripts, tests and the page.

| method, path under /control | body or query | answer |
| --- | --- | --- |
| GET state | `since`, `wait` (seconds) | ids, users, channels, commands, connected sessions |
| GET messages | `channel_id`, `since`, `wait` | revision, messages of a channel (default: the first) |
| GET messages/{id} | | one message with its history |
| GET attachments/{id} | | the file |
| POST press | user, message_id, custom_id, values | the interaction |
| POST command | user, name, options, channel_id | the interaction |
| POST autocomplete | user, name, options, focused, channel_id | the interaction |
| POST modal | user, interaction_id, values | the interaction |
| GET interactions, interactions/{id} | `wait` | what the bot answered so far |
| POST interactions/{id}/expire | | its token is good for nothing from now on |
| POST users | name | the user |
| POST faults | kind: http, reconnect, invalid_session, close, repeat, swap, and their fields | |
| GET requests | | what the bot sent: method, path, status, body |
| GET validation | | what broke the OpenAPI description |

A user is named by name or id. The four POSTs of people take `wait` too: seconds to wait for the answer;
and `locale`: what the person's client is set to from then on. A file is {"filename", "base64"}.
What a person could not do in a real client is 409, what is not there 404, a bad body 400.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from . import payloads, views
from .faults import Fault, Faults
from .gateway import Gateway
from .people import People, Refused
from .validation import Ledger
from .world import Channel, Interaction, Json, User, World

LONGEST_WAIT_S = 60.0

Endpoint = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Control:
    """Reads the world and acts as its people."""

    def __init__(self, world: World, gateway: Gateway, faults: Faults, ledger: Ledger) -> None:
        self._world = world
        self._gateway = gateway
        self._faults = faults
        self._ledger = ledger
        self._people = People(world, gateway)

    def routes(self) -> list[web.RouteDef]:
        """Return every route of the interface."""
        get: dict[str, Endpoint] = {
            "state": self._state,
            "messages": self._messages,
            "messages/{id}": self._message,
            "attachments/{id}": self._attachment,
            "interactions": self._interactions,
            "interactions/{id}": self._interaction,
            "requests": self._requests,
            "validation": self._validation,
        }
        post: dict[str, Endpoint] = {
            "press": self._press,
            "command": self._command,
            "autocomplete": self._autocomplete,
            "modal": self._modal,
            "interactions/{id}/expire": self._expire,
            "users": self._add_user,
            "faults": self._add_fault,
        }
        return [
            *(web.get(f"/control/{path}", endpoint) for path, endpoint in get.items()),
            *(web.post(f"/control/{path}", endpoint) for path, endpoint in post.items()),
        ]

    async def _wait_since(self, request: web.Request) -> None:
        if "since" in request.query:
            await self._world.wait_beyond(int(request.query["since"]), _seconds(request.query.get("wait", 0)))

    async def _state(self, request: web.Request) -> web.Response:
        await self._wait_since(request)
        counts = {
            "connected": self._gateway.connected,
            "identified": self._gateway.identified,
            "resumed": self._gateway.resumed,
        }
        return web.json_response(views.state(self._world) | counts)

    async def _messages(self, request: web.Request) -> web.Response:
        await self._wait_since(request)
        channel = self._channel(request.query.get("channel_id"))
        found = [views.message(self._world, one) for one in self._world.messages_in(channel.id)]
        return web.json_response({"revision": self._world.revision, "messages": found})

    async def _message(self, request: web.Request) -> web.Response:
        found = self._world.messages.get(request.match_info["id"])
        if found is None:
            raise LookupError("no such message")
        return web.json_response(views.message(self._world, found))

    async def _attachment(self, request: web.Request) -> web.Response:
        found = self._world.attachments.get(request.match_info["id"])
        if found is None:
            raise LookupError("no such attachment")
        headers = {
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox; default-src 'none'",
        }
        return web.Response(body=found.content, content_type=found.content_type, headers=headers)

    async def _interactions(self, request: web.Request) -> web.Response:
        every = self._world.interactions.values()
        return web.json_response([views.interaction(self._world, one) for one in every])

    async def _interaction(self, request: web.Request) -> web.Response:
        return await self._shown(self._find(request), request.query.get("wait", 0))

    async def _expire(self, request: web.Request) -> web.Response:
        found = self._find(request)
        found.expired = True
        return await self._shown(found, 0)

    async def _press(self, request: web.Request) -> web.Response:
        sent = await request.json()
        made = self._people.press(self._user(sent), sent["message_id"], sent["custom_id"], sent.get("values"))
        return await self._shown(made, sent.get("wait", 0))

    async def _command(self, request: web.Request) -> web.Response:
        sent = await request.json()
        channel = self._channel(sent.get("channel_id"))
        made = self._people.command(self._user(sent), sent["name"], sent.get("options") or {}, channel)
        return await self._shown(made, sent.get("wait", 0))

    async def _autocomplete(self, request: web.Request) -> web.Response:
        sent = await request.json()
        channel, options = self._channel(sent.get("channel_id")), sent.get("options") or {}
        made = self._people.type_ahead(self._user(sent), sent["name"], options, sent["focused"], channel)
        return await self._shown(made, sent.get("wait", 0))

    async def _modal(self, request: web.Request) -> web.Response:
        sent = await request.json()
        opened_by = self._world.interactions.get(str(sent["interaction_id"]))
        if opened_by is None:
            raise LookupError("no such interaction")
        made = self._people.submit(self._user(sent), opened_by, sent.get("values") or {})
        return await self._shown(made, sent.get("wait", 0))

    async def _add_user(self, request: web.Request) -> web.Response:
        made = self._world.add_user(str((await request.json())["name"]))
        joined = payloads.member(made) | {"guild_id": self._world.guild_id}
        self._gateway.dispatch("GUILD_MEMBER_ADD", joined, intent=1 << 1)
        return web.json_response({"id": made.id, "name": made.name})

    async def _add_fault(self, request: web.Request) -> web.Response:
        sent: Json = await request.json()
        kind = sent.pop("kind")
        if kind == "http":
            self._faults.add(Fault(**sent))
        elif kind == "reconnect":
            self._gateway.ask_reconnect()
        elif kind == "invalid_session":
            self._gateway.invalidate(resumable=bool(sent.get("resumable", False)))
        elif kind == "close":
            self._gateway.cut(int(sent.get("code", 1011)))
        elif kind == "repeat":
            self._gateway.repeat(int(sent.get("count", 1)))
        elif kind == "swap":
            self._gateway.swap()
        else:
            raise ValueError(f"no fault of kind {kind}")
        return web.json_response({})

    async def _requests(self, request: web.Request) -> web.Response:
        every = self._ledger.exchanges
        return web.json_response(
            [
                {
                    "method": one.method,
                    "path": one.path,
                    "status": one.status,
                    "files": one.files,
                    "body": one.body,
                }
                for one in every
            ]
        )

    async def _validation(self, request: web.Request) -> web.Response:
        return web.json_response(await asyncio.to_thread(self._ledger.report))

    def _user(self, sent: Json) -> User:
        found = self._world.find_user(str(sent["user"]))
        if "locale" in sent:
            self._world.locales[found.id] = str(sent["locale"])
        return found

    def _channel(self, channel_id: str | None) -> Channel:
        if channel_id is None:
            return self._world.channel
        if channel_id not in self._world.channels:
            raise LookupError("no such channel")
        return self._world.channels[channel_id]

    def _find(self, request: web.Request) -> Interaction:
        found = self._world.interactions.get(request.match_info["id"])
        if found is None:
            raise LookupError("no such interaction")
        return found

    async def _shown(self, one: Interaction, wait: Any) -> web.Response:
        """Answer with an interaction once the bot's answer is there, or the wait is over."""
        ends = time.monotonic() + _seconds(wait)
        while not views.is_done(one) and (left := ends - time.monotonic()) > 0:
            await self._world.wait_beyond(self._world.revision, left)
        return web.json_response(views.interaction(self._world, one))


def _seconds(given: Any) -> float:
    return min(max(float(given), 0.0), LONGEST_WAIT_S)


@web.middleware
async def plain_errors(request: web.Request, handler: Endpoint) -> web.StreamResponse:
    """Say in one line what was wrong with a request."""
    try:
        return await handler(request)
    except Refused as error:
        return web.json_response({"error": str(error)}, status=409)
    except KeyError as error:
        return web.json_response({"error": f"missing: {error.args[0]}"}, status=400)
    except LookupError as error:
        return web.json_response({"error": str(error)}, status=404)
    except (ValueError, TypeError, json.JSONDecodeError) as error:
        return web.json_response({"error": str(error)}, status=400)
