"""The gateway websocket: HELLO, IDENTIFY, READY, heartbeats, events, RESUME, and harming it on command.

Sessions outlive their sockets, with the events sent so far, so that a client that resumes misses nothing.
https://discord.com/developers/docs/events/gateway
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import zlib
from collections import deque
from typing import Any, Protocol

from aiohttp import WSCloseCode, WSMsgType, web

from . import payloads
from .world import Json, World

HEARTBEAT_MS = 41_250
KEPT_EVENTS = 1000

DISPATCH, HEARTBEAT, IDENTIFY, RESUME, RECONNECT, MEMBERS, INVALID, HELLO, ACK = 0, 1, 2, 6, 7, 8, 9, 10, 11

# An event needs one of these intents; others come always (interactions among them).
GUILDS, GUILD_MESSAGES, DIRECT_MESSAGES = 1 << 0, 1 << 9, 1 << 12
PRIVILEGED = 1 << 1 | 1 << 8 | 1 << 15  # members, presences, message content: not granted to this bot


class Compressor(Protocol):
    """A stream that goes on over all messages of one connection."""

    def pack(self, text: str) -> bytes | str:
        """Return what goes into one websocket message."""


class Plain:
    """No compression."""

    def pack(self, text: str) -> str:
        return text


class ZlibStream:
    """`compress=zlib-stream`: one zlib stream, flushed after each message."""

    def __init__(self) -> None:
        self._stream = zlib.compressobj()

    def pack(self, text: str) -> bytes:
        return self._stream.compress(text.encode()) + self._stream.flush(zlib.Z_SYNC_FLUSH)


class ZstdStream:
    """`compress=zstd-stream`: one zstd frame, a block flushed after each message."""

    def __init__(self) -> None:
        import zstandard

        self._stream = zstandard.ZstdCompressor().compressobj()
        self._flush = zstandard.COMPRESSOBJ_FLUSH_BLOCK

    def pack(self, text: str) -> bytes:
        return self._stream.compress(text.encode()) + self._stream.flush(self._flush)


COMPRESSORS: dict[str, type[Compressor]] = {"": Plain, "zlib-stream": ZlibStream, "zstd-stream": ZstdStream}


class Connection:
    """One websocket. Sending never waits: a task of its own writes in order."""

    def __init__(self, socket: web.WebSocketResponse, compressor: Compressor) -> None:
        self.socket = socket
        self._compressor = compressor
        self._outbox: asyncio.Queue[Json | None] = asyncio.Queue()
        self._close_code = WSCloseCode.OK.value
        self.cut = False

    def send(
        self, op: int, data: Any = None, *, sequence: int | None = None, event: str | None = None
    ) -> None:
        """Put one payload in the queue."""
        self._outbox.put_nowait({"op": op, "d": data, "s": sequence, "t": event})

    def close(self, code: int) -> None:
        """Close with this code once everything queued is written."""
        self._close_code = code
        self.cut = True
        self._outbox.put_nowait(None)

    async def write(self) -> None:
        """Write what is queued until told to close or the client is gone."""
        while (payload := await self._outbox.get()) is not None:
            packed = self._compressor.pack(json.dumps(payload))
            if isinstance(packed, str):
                await self.socket.send_str(packed)
            else:
                await self.socket.send_bytes(packed)
        await self.socket.close(code=self._close_code)


class Session:
    """What RESUME takes up again."""

    def __init__(self, intents: int) -> None:
        self.id = secrets.token_hex(16)
        self.intents = intents
        self.sequence = 0
        self.events: deque[tuple[int, str, Json]] = deque(maxlen=KEPT_EVENTS)
        self.connection: Connection | None = None
        self.repeats = 0
        self.swaps = False
        self._held: tuple[int, str, Json] | None = None

    def dispatch(self, event: str, data: Json) -> None:
        """Number an event, keep it, send it where there is a connection."""
        self.sequence += 1
        sent = (self.sequence, event, data)
        self.events.append(sent)
        if self.swaps:
            self.swaps, self._held = False, sent
            return
        for one in (sent, *([sent] if self.repeats else []), *([self._held] if self._held else [])):
            self.send(*one)
        self.repeats, self._held = max(0, self.repeats - 1), None

    def send(self, sequence: int, event: str, data: Json) -> None:
        """Send an event as it was numbered; without a connection it waits to be resumed."""
        if self.connection is not None:
            self.connection.send(DISPATCH, data, sequence=sequence, event=event)


class Gateway:
    """All sessions, and the websocket's handler."""

    def __init__(self, world: World, token: str) -> None:
        self._world = world
        self._token = token
        self._sessions: dict[str, Session] = {}
        self._open: set[Connection] = set()
        self.identified = 0
        self.resumed = 0
        self.refused = 0
        self._down = False

    @property
    def connected(self) -> int:
        """How many sessions have a live connection."""
        return sum(session.connection is not None for session in self._sessions.values())

    def dispatch(self, event: str, data: Json, *, intent: int = 0) -> None:
        """Send an event to every session that asked for it (0: whatever it asked for)."""
        for session in self._sessions.values():
            if not intent or session.intents & intent:
                session.dispatch(event, data)

    def dispatch_message(self, event: str, data: Json) -> None:
        """Send a message event under the intent of its channel."""
        self.dispatch(event, data, intent=GUILD_MESSAGES if "guild_id" in data else DIRECT_MESSAGES)

    def ask_reconnect(self) -> None:
        """Op 7: every client is told to come back and resume."""
        for connection in self._open:
            connection.send(RECONNECT)

    def invalidate(self, *, resumable: bool) -> None:
        """Op 9: every client is told that its session is gone, or may be resumed."""
        for connection in self._open:
            connection.send(INVALID, resumable)
        if not resumable:
            self._sessions.clear()

    def cut(self, code: int) -> None:
        """Close every connection with this code."""
        for connection in self._open:
            connection.close(code)

    def repeat(self, count: int) -> None:
        """Let every client get each of its next events twice."""
        for session in self._sessions.values():
            session.repeats = count

    def swap(self) -> None:
        """Let every client get its next event only after the one that follows."""
        for session in self._sessions.values():
            session.swaps = True

    def go_down(self) -> None:
        """Close every connection, forget all sessions, and take no connection until `come_back`."""
        self._down = True
        self.cut(1012)
        self._sessions.clear()

    def come_back(self) -> None:
        """Take connections again."""
        self._down = False

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one websocket from HELLO to its end."""
        if self._down:
            self.refused += 1
            return web.Response(status=503)
        compressor = COMPRESSORS.get(request.query.get("compress", ""))
        if compressor is None or request.query.get("encoding", "json") != "json":
            return web.Response(status=400, text="only JSON, plain or as zlib-stream or zstd-stream")
        socket = web.WebSocketResponse(compress=False, max_msg_size=1 << 16)
        await socket.prepare(request)
        connection = Connection(socket, compressor())
        writer = asyncio.create_task(connection.write())
        self._open.add(connection)
        connection.send(HELLO, {"heartbeat_interval": HEARTBEAT_MS})
        session: Session | None = None
        try:
            async for received in socket:
                if received.type is not WSMsgType.TEXT:
                    break
                session = self._receive(connection, session, json.loads(received.data))
        finally:
            self._open.discard(connection)
            writer.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await writer
            if session is not None and session.connection is connection:
                session.connection = None
                said_goodbye = not connection.cut and socket.close_code in (1000, 1001)
                if said_goodbye:  # the client will not resume
                    self._sessions.pop(session.id, None)
            self._world.changed()
        return socket

    def _receive(self, connection: Connection, session: Session | None, payload: Json) -> Session | None:
        op: int = payload["op"]
        data: Any = payload.get("d")
        if op == HEARTBEAT:
            connection.send(ACK)
        elif op in (IDENTIFY, RESUME) and data["token"].removeprefix("Bot ") != self._token:
            connection.close(4004)
        elif op == IDENTIFY:
            if data["intents"] & PRIVILEGED:
                connection.close(4014)
                return session
            return self._identify(connection, data)
        elif op == RESUME:
            return self._resume(connection, data)
        elif op == MEMBERS and session is not None:
            self._send_members(session, data)
        return session

    def _identify(self, connection: Connection, data: Json) -> Session:
        session = Session(data["intents"])
        session.connection = connection
        self._sessions[session.id] = session
        self.identified += 1
        world = self._world
        ready = {
            "v": 10,
            "user": payloads.own_user(world),
            "guilds": [{"id": world.guild_id, "unavailable": True}],
            "session_id": session.id,
            "session_type": "normal",
            "resume_gateway_url": "wss://gateway.discord.gg",
            "shard": data.get("shard", [0, 1]),
            "application": {"id": world.application_id, "flags": 0},
            "private_channels": [],
            "relationships": [],
        }
        session.dispatch("READY", ready)
        if session.intents & GUILDS:
            session.dispatch("GUILD_CREATE", payloads.guild_create(world))
        world.changed()
        return session

    def _resume(self, connection: Connection, data: Json) -> Session | None:
        session = self._sessions.get(data["session_id"])
        if session is None or (session.events and session.events[0][0] > data["seq"] + 1):
            connection.send(INVALID, False)
            return None
        if session.connection is not None and session.connection is not connection:
            session.connection.close(4000)
        session.connection = connection
        self.resumed += 1
        for sequence, event, content in session.events:
            if sequence > data["seq"]:
                session.send(sequence, event, content)
        session.dispatch("RESUMED", {"_trace": []})
        self._world.changed()
        return session

    def _send_members(self, session: Session, data: Json) -> None:
        wanted = data.get("user_ids")
        wanted = [wanted] if isinstance(wanted, str | int) else wanted
        people = [self._world.bot, *self._world.users.values()]
        if wanted:
            people = [who for who in people if who.id in {str(one) for one in wanted}]
        else:
            people = [who for who in people if who.name.startswith(data.get("query", ""))]
        limit = data.get("limit") or len(people)
        chunk = {
            "guild_id": self._world.guild_id,
            "members": [payloads.member(who) for who in people[:limit]],
            "chunk_index": 0,
            "chunk_count": 1,
        }
        if "nonce" in data:
            chunk["nonce"] = data["nonce"]
        session.dispatch("GUILD_MEMBERS_CHUNK", chunk)
