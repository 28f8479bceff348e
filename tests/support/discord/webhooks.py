"""What the bot answers to interactions: the callback, follow-ups, and edits of its original answer.

Keeps Discord's rules: one callback within three seconds, a token that is good for fifteen minutes,
a deferred answer filled by its first edit or follow-up.
https://discord.com/developers/docs/interactions/receiving-and-responding
"""

from __future__ import annotations

import time
from typing import Any

from aiohttp import web

from . import bodies, payloads
from .bodies import ApiError
from .gateway import Gateway
from .rest import Handler, announce, delete
from .world import EPHEMERAL, LOADING, Interaction, Json, Message, World

TOKEN_LIFE_S = 15 * 60.0
PONG, MESSAGE, DEFERRED_MESSAGE, DEFERRED_UPDATE, UPDATE, CHOICES, MODAL = 1, 4, 5, 6, 7, 8, 9
ALLOWED = {
    2: {MESSAGE, DEFERRED_MESSAGE, MODAL},
    3: {MESSAGE, DEFERRED_MESSAGE, DEFERRED_UPDATE, UPDATE, MODAL},
    4: {CHOICES},
    5: {MESSAGE, DEFERRED_MESSAGE, DEFERRED_UPDATE, UPDATE},
}


class Webhooks:
    """Answers to interactions, authenticated by the interaction's own token."""

    def __init__(self, world: World, gateway: Gateway, *, answer_within_s: float) -> None:
        self._world = world
        self._gateway = gateway
        self._answer_within_s = answer_within_s

    def routes(self) -> list[tuple[str, str, Handler]]:
        """Return (method, path, handler), literal paths before templated ones."""
        hook = "/webhooks/{application}/{token}"
        return [
            ("POST", "/interactions/{interaction}/{token}/callback", self._callback),
            ("POST", hook, self._follow_up),
            ("GET", hook + "/messages/{message}", self._get),
            ("PATCH", hook + "/messages/{message}", self._edit),
            ("DELETE", hook + "/messages/{message}", self._delete),
        ]

    async def _callback(self, request: web.Request) -> Json | None:
        one = self._world.interactions.get(request.match_info["interaction"])
        now = time.monotonic()
        if one is None or one.token != request.match_info["token"] or one.expired:
            raise ApiError(404, 10062, "Unknown interaction")
        if one.callback is not None:
            raise ApiError(400, 40060, "Interaction has already been acknowledged.")
        if now - one.created_s > self._answer_within_s:
            raise ApiError(404, 10062, "Unknown interaction")
        body = await bodies.read(request)
        kind, data = body.object["type"], body.object.get("data") or {}
        if kind not in ALLOWED[one.kind] or (kind in (UPDATE, DEFERRED_UPDATE) and one.message is None):
            raise bodies.invalid_form("type", f"Not an answer to an interaction of type {one.kind}")
        shown = self._apply(one, kind, data, body.files)
        one.callback, one.answered_s = kind, now
        self._world.changed()
        if request.query.get("with_response", "").lower() in ("1", "true"):
            return self._answer(one, kind, shown)
        return None

    def _apply(self, one: Interaction, kind: int, data: Json, files: Any) -> Message | None:
        """Do what a callback says; return the message to show in its answer."""
        if kind == MODAL:
            one.modal = data | {"components": bodies.numbered(data.get("components", []))}
        elif kind == CHOICES:
            one.choices = data.get("choices") or []
        elif kind == DEFERRED_UPDATE:
            one.original = one.message
        elif kind == UPDATE and one.message is not None:
            one.original = one.message
            self._change(one, one.message, data, files)
            return one.message
        elif kind == MESSAGE:
            one.original = self._create(one, data, files)
            return one.original
        elif kind == DEFERRED_MESSAGE:
            flags = LOADING | ((data.get("flags") or 0) & EPHEMERAL)
            one.original = self._new(one, flags)
            self._publish(one, one.original)
        return None

    def _answer(self, one: Interaction, kind: int, shown: Message | None) -> Json:
        about: Json = {"id": one.id, "type": one.kind, "channel_id": one.channel.id}
        if one.original is not None:
            about["response_message_id"] = one.original.id
            about["response_message_loading"] = kind == DEFERRED_MESSAGE
            about["response_message_ephemeral"] = one.original.ephemeral
        answer: Json = {"interaction": about}
        if shown is not None:
            answer["resource"] = {"type": kind, "message": payloads.message(self._world, shown)}
        return answer

    def _new(self, one: Interaction, flags: int) -> Message:
        world = self._world
        return Message(world.snowflake(), one.channel.id, world.bot, flags=flags, interaction=one)

    def _publish(self, one: Interaction, message: Message) -> None:
        self._world.post(message)
        one.messages.append(message)
        announce(self._world, self._gateway, "MESSAGE_CREATE", message)

    def _create(self, one: Interaction, data: Json, files: Any) -> Message:
        message = self._new(one, (data.get("flags") or 0) & EPHEMERAL)
        bodies.fill(self._world, message, data, files)
        self._publish(one, message)
        return message

    def _change(self, one: Interaction, message: Message, data: Json, files: Any) -> None:
        if message.flags & LOADING:  # not an edit: the answer that was put off
            bodies.fill(self._world, message, data, files)
            message.flags &= ~LOADING
        else:
            bodies.edit(self._world, message, data, files)
        one.updates += message is one.message
        announce(self._world, self._gateway, "MESSAGE_UPDATE", message)

    def _find(self, request: web.Request) -> Interaction:
        """Return the acknowledged interaction that a webhook's token stands for."""
        if request.match_info["application"] != self._world.application_id:
            raise ApiError(404, 10015, "Unknown Webhook")
        one = self._world.interactions_by_token.get(request.match_info["token"])
        if one is None or one.expired or time.monotonic() - one.created_s > TOKEN_LIFE_S:
            raise ApiError(401, 50027, "Invalid Webhook Token")
        if one.callback is None:
            raise ApiError(404, 10015, "Unknown Webhook")
        return one

    def _find_message(self, request: web.Request) -> tuple[Interaction, Message]:
        one = self._find(request)
        wanted = request.match_info["message"]
        if wanted == "@original" or (one.original is not None and one.original.id == wanted):
            found = one.original
        else:
            found = next((message for message in one.messages if message.id == wanted), None)
        if found is None or found.deleted:
            raise ApiError(404, 10008, "Unknown Message")
        return one, found

    async def _follow_up(self, request: web.Request) -> Json:
        one = self._find(request)
        body = await bodies.read(request)
        if one.original is not None and one.original.flags & LOADING:
            self._change(one, one.original, body.object, body.files)
            return payloads.message(self._world, one.original)
        return payloads.message(self._world, self._create(one, body.object, body.files))

    async def _get(self, request: web.Request) -> Json:
        return payloads.message(self._world, self._find_message(request)[1])

    async def _edit(self, request: web.Request) -> Json:
        one, message = self._find_message(request)
        body = await bodies.read(request)
        self._change(one, message, body.object, body.files)
        return payloads.message(self._world, message)

    async def _delete(self, request: web.Request) -> None:
        delete(self._world, self._gateway, self._find_message(request)[1])
