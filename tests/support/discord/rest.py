"""REST v10 for the bot: itself, its commands, the guild, channels, threads and messages.

Every handler takes the request and returns JSON or None (204); `edge.py` authenticates, records and
turns errors into Discord's form. https://discord.com/developers/docs/reference
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from . import bodies, payloads
from .bodies import ApiError
from .gateway import GUILDS, Gateway
from .world import DIRECT_CHANNEL, THREAD, Channel, Json, Message, World

Handler = Callable[[web.Request], Awaitable[Any]]
SLASH_COMMAND = 1


class Created(dict[str, Any]):
    """An answer that goes out as 201."""


class Rest:
    """The bot's own view of its Discord."""

    def __init__(self, world: World, gateway: Gateway) -> None:
        self._world = world
        self._gateway = gateway

    def routes(self) -> list[tuple[str, str, Handler]]:
        """Return (method, path, handler), literal paths before templated ones."""
        own, app = "/applications/@me", "/applications/{application}"
        room, post = "/channels/{channel}", "/channels/{channel}/messages/{message}"
        return [
            ("GET", "/users/@me", self._own_user),
            ("GET", "/users/{user}", self._user),
            ("POST", "/users/@me/channels", self._open_direct_channel),
            ("GET", own, self._application),
            ("GET", "/oauth2/applications/@me", self._application),
            ("GET", "/gateway", self._address),
            ("GET", "/gateway/bot", self._address_for_bot),
            ("GET", app + "/commands", self._list_commands),
            ("PUT", app + "/commands", self._replace_commands),
            ("GET", app + "/guilds/{guild}/commands", self._list_commands),
            ("PUT", app + "/guilds/{guild}/commands", self._replace_commands),
            ("GET", "/guilds/{guild}", self._guild),
            ("GET", "/guilds/{guild}/channels", self._guild_channels),
            ("GET", "/guilds/{guild}/members/{user}", self._member),
            ("GET", room, self._channel),
            ("PATCH", room, self._edit_channel),
            ("POST", room + "/typing", self._typing),
            ("POST", room + "/threads", self._create_thread),
            ("GET", room + "/messages", self._list_messages),
            ("POST", room + "/messages", self._create_message),
            ("GET", post, self._message),
            ("PATCH", post, self._edit_message),
            ("DELETE", post, self._delete_message),
            ("POST", post + "/threads", self._create_thread),
        ]

    async def _own_user(self, request: web.Request) -> Json:
        return payloads.own_user(self._world)

    async def _user(self, request: web.Request) -> Json:
        found = self._world.users.get(request.match_info["user"])
        if found is None:
            raise ApiError(404, 10013, "Unknown User")
        return payloads.user(found)

    async def _open_direct_channel(self, request: web.Request) -> Json:
        wanted = str((await bodies.read(request)).object["recipient_id"])
        if wanted not in self._world.users:
            raise ApiError(400, 50033, "Invalid Recipient(s)")
        channel = self._world.direct_channel(self._world.users[wanted])
        self._world.changed()
        return payloads.channel(self._world, channel)

    async def _application(self, request: web.Request) -> Json:
        return payloads.application(self._world)

    async def _address(self, request: web.Request) -> Json:
        return {"url": "wss://gateway.discord.gg"}

    async def _address_for_bot(self, request: web.Request) -> Json:
        limit = {"total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": 1}
        return {"url": "wss://gateway.discord.gg", "shards": 1, "session_start_limit": limit}

    def _scope(self, request: web.Request) -> str | None:
        """Return the guild of a command route, None for the global one."""
        if request.match_info["application"] != self._world.application_id:
            raise ApiError(403, 20012, "You are not authorized to perform this action on this application")
        if "guild" not in request.match_info:
            return None
        self._check_guild(request)
        return self._world.guild_id

    async def _list_commands(self, request: web.Request) -> list[Json]:
        return self._world.commands[self._scope(request)]

    async def _replace_commands(self, request: web.Request) -> list[Json]:
        scope = self._scope(request)
        known = {command["name"]: command["id"] for command in self._world.commands[scope]}
        made: list[Json] = []
        for sent in (await bodies.read(request)).data or []:
            permissions = sent.get("default_member_permissions")
            command = {key: value for key, value in sent.items() if value is not None} | {
                "id": known.get(sent["name"]) or self._world.snowflake(),
                "application_id": self._world.application_id,
                "version": self._world.snowflake(),
                "type": sent.get("type") or SLASH_COMMAND,
                "description": sent.get("description") or "",
                "default_member_permissions": None if permissions is None else str(permissions),
            }
            if scope is not None:
                command["guild_id"] = scope
            made.append(command)
        self._world.commands[scope] = made
        self._world.changed()
        return made

    def _check_guild(self, request: web.Request) -> None:
        if request.match_info["guild"] != self._world.guild_id:
            raise ApiError(404, 10004, "Unknown Guild")

    async def _guild(self, request: web.Request) -> Json:
        self._check_guild(request)
        return payloads.guild(self._world)

    async def _guild_channels(self, request: web.Request) -> list[Json]:
        self._check_guild(request)
        every = self._world.channels.values()
        return [payloads.channel(self._world, one) for one in every if one.kind == 0]

    async def _member(self, request: web.Request) -> Json:
        self._check_guild(request)
        people = {**self._world.users, self._world.bot.id: self._world.bot}
        if request.match_info["user"] not in people:
            raise ApiError(404, 10007, "Unknown Member")
        return payloads.member(people[request.match_info["user"]])

    def _find_channel(self, request: web.Request) -> Channel:
        found = self._world.channels.get(request.match_info["channel"])
        if found is None:
            raise ApiError(404, 10003, "Unknown Channel")
        return found

    async def _channel(self, request: web.Request) -> Json:
        return payloads.channel(self._world, self._find_channel(request))

    async def _edit_channel(self, request: web.Request) -> Json:
        channel = self._find_channel(request)
        sent = (await bodies.read(request)).object
        channel.name = sent.get("name") or channel.name
        channel.archived = bool(sent.get("archived", channel.archived))
        channel.locked = bool(sent.get("locked", channel.locked))
        found = payloads.channel(self._world, channel)
        event = "THREAD_UPDATE" if channel.kind == THREAD else "CHANNEL_UPDATE"
        self._gateway.dispatch(event, found, intent=GUILDS)
        self._world.changed()
        return found

    async def _typing(self, request: web.Request) -> None:
        self._find_channel(request)

    async def _create_thread(self, request: web.Request) -> Json:
        parent = self._find_channel(request)
        sent = (await bodies.read(request)).object
        world = self._world
        starter = self._find_message(request) if "message" in request.match_info else None
        if starter is not None and starter.thread_id is not None:
            raise ApiError(400, 160004, "A thread has already been created for this message")
        thread_id = starter.id if starter is not None else world.snowflake()
        thread = Channel(thread_id, THREAD, sent["name"], world.bot.id, parent_id=parent.id)
        world.channels[thread.id] = thread
        if starter is not None:
            starter.thread_id = thread.id
        found = payloads.channel(world, thread)
        self._gateway.dispatch("THREAD_CREATE", found | {"newly_created": True}, intent=GUILDS)
        world.changed()
        return Created(found)

    def _find_message(self, request: web.Request) -> Message:
        """Return a message of a channel; who asks by channel never sees an ephemeral one."""
        channel = self._find_channel(request)
        found = self._world.messages.get(request.match_info["message"])
        if found is None or found.channel_id != channel.id or found.deleted or found.ephemeral:
            raise ApiError(404, 10008, "Unknown Message")
        return found

    async def _list_messages(self, request: web.Request) -> list[Json]:
        every = list(reversed(self._world.messages_in(self._find_channel(request).id)))
        if "before" in request.query:
            every = [one for one in every if int(one.id) < int(request.query["before"])]
        limit = int(request.query.get("limit", 50))
        if "after" in request.query:  # the oldest ones after it, newest first
            every = [one for one in every if int(one.id) > int(request.query["after"])][-limit:]
        return [payloads.message(self._world, one) for one in every[:limit]]

    async def _create_message(self, request: web.Request) -> Json:
        channel = self._find_channel(request)
        body = await bodies.read(request)
        world = self._world
        nonce = body.object.get("nonce")
        if nonce is not None and body.object.get("enforce_nonce"):
            for one in world.messages_in(channel.id):
                if one.nonce == nonce:
                    return payloads.message(world, one)
        message = Message(world.snowflake(), channel.id, world.bot)
        message.nonce, message.tts = nonce, bool(body.object.get("tts"))
        if reference := body.object.get("message_reference"):
            target = str(reference["message_id"])
            if target not in world.messages and reference.get("fail_if_not_exists", True):
                raise bodies.invalid_form("message_reference", "Unknown message")
            message.reference = {"message_id": target, "channel_id": channel.id}
        bodies.fill(world, message, body.object, body.files)
        world.post(message)
        announce(world, self._gateway, "MESSAGE_CREATE", message)
        return payloads.message(world, message)

    async def _message(self, request: web.Request) -> Json:
        return payloads.message(self._world, self._find_message(request))

    async def _edit_message(self, request: web.Request) -> Json:
        message = self._find_message(request)
        body = await bodies.read(request)
        bodies.edit(self._world, message, body.object, body.files)
        announce(self._world, self._gateway, "MESSAGE_UPDATE", message)
        return payloads.message(self._world, message)

    async def _delete_message(self, request: web.Request) -> None:
        delete(self._world, self._gateway, self._find_message(request))


def announce(world: World, gateway: Gateway, event: str, message: Message) -> None:
    """Tell the gateway's clients and everyone who waits about a new or changed message."""
    if not message.ephemeral:
        gateway.dispatch_message(event, payloads.message_event(world, message))
    world.changed()


def delete(world: World, gateway: Gateway, message: Message) -> None:
    """Delete a message, keep its record for the control interface."""
    message.deleted = True
    channel = world.channels[message.channel_id]
    gone = {"id": message.id, "channel_id": channel.id}
    if channel.kind != DIRECT_CHANNEL:
        gone["guild_id"] = world.guild_id
    if not message.ephemeral:
        gateway.dispatch_message("MESSAGE_DELETE", gone)
    world.changed()
