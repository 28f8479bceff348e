"""What the stand-in holds: users, channels, messages, interactions, all in memory.

Plain records only. How they look on the wire is `payloads.py`, who may change them when is
`rest.py`, `webhooks.py` and `control.py`.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

DISCORD_EPOCH_MS = 1_420_070_400_000  # 2015-01-01, the zero of every Discord id

Json = dict[str, Any]

EPHEMERAL = 1 << 6
LOADING = 1 << 7

TEXT_CHANNEL = 0
DIRECT_CHANNEL = 1
THREAD = 11


@dataclass(frozen=True)
class User:
    """A person or the bot."""

    id: str
    name: str
    bot: bool = False


@dataclass(frozen=True)
class Role:
    """A role of the guild that can be mentioned; nobody holds one."""

    id: str
    name: str


@dataclass
class Channel:
    """A text channel, a thread under it, or the direct channel between the bot and one user."""

    id: str
    kind: int
    name: str
    owner_id: str
    parent_id: str | None = None
    recipient: User | None = None
    archived: bool = False
    locked: bool = False
    created: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True)
class Attachment:
    """An uploaded file."""

    id: str
    channel_id: str
    filename: str
    content: bytes
    content_type: str
    description: str | None = None


@dataclass
class Message:
    """A message as it is now; `history` has what it was before each edit."""

    id: str
    channel_id: str
    author: User
    content: str = ""
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    hidden: set[str] = field(default_factory=set)  # attachments that an embed shows
    flags: int = 0
    tts: bool = False
    nonce: str | int | None = None
    reference: Json | None = None
    mentions: list[User] = field(default_factory=list)
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    edited: datetime | None = None
    interaction: Interaction | None = None
    thread_id: str | None = None
    deleted: bool = False
    history: list[Json] = field(default_factory=list)

    @property
    def ephemeral(self) -> bool:
        """Only the user of its interaction sees it."""
        return bool(self.flags & EPHEMERAL)


@dataclass
class Interaction:
    """A press, a command, a typed-ahead option or a submitted modal, and all that the bot answered."""

    id: str
    token: str
    kind: int  # Discord's InteractionType: 2 command, 3 component, 4 autocomplete, 5 modal
    user: User
    channel: Channel
    data: Json
    message: Message | None = None  # the message whose component was pressed
    created_s: float = field(default_factory=time.monotonic)
    answered_s: float | None = None
    callback: int | None = None  # Discord's InteractionCallbackType of the first answer
    original: Message | None = None
    messages: list[Message] = field(default_factory=list)
    modal: Json | None = None
    choices: list[Json] | None = None
    opened_by: Interaction | None = None  # whose modal this submits
    updates: int = 0  # edits of the pressed message by way of this interaction
    expired: bool = False


class World:
    """Everything, with a revision that rises at each change so that readers can wait for the next one."""

    def __init__(
        self,
        users: list[str],
        *,
        guild: str = "Example DAO",
        channels: tuple[str, ...] = ("oversight",),
        roles: tuple[str, ...] = (),
    ) -> None:
        self._sequence: Iterator[int] = itertools.count()
        self.revision = 0
        self._waiters: set[asyncio.Future[None]] = set()
        self.application_id = self.snowflake()
        self.bot = User(self.application_id, "tribune", bot=True)
        self.guild_id = self.snowflake()
        self.guild_name = guild
        self.users: dict[str, User] = {}
        for name in users:
            self.add_user(name)
        self.owner = next(iter(self.users.values()))
        self.locales: dict[str, str] = {}  # of users' clients, where not American English
        rooms = [Channel(self.snowflake(), TEXT_CHANNEL, name, self.owner.id) for name in channels]
        self.channels: dict[str, Channel] = {one.id: one for one in rooms}
        self.channel = rooms[0]
        everyone = Role(self.guild_id, "everyone")  # has the guild's id, as on Discord
        every = [everyone, *(Role(self.snowflake(), name) for name in roles)]
        self.roles: dict[str, Role] = {one.id: one for one in every}
        self.messages: dict[str, Message] = {}
        self._public: dict[str, list[Message]] = {}  # by channel, so that long runs stay fast
        self.attachments: dict[str, Attachment] = {}
        self.interactions: dict[str, Interaction] = {}
        self.interactions_by_token: dict[str, Interaction] = {}
        self.commands: dict[str | None, list[Json]] = {None: [], self.guild_id: []}

    def snowflake(self) -> str:
        """Return a new id; ids rise and carry the time, as Discord's do."""
        milliseconds = int(time.time() * 1000) - DISCORD_EPOCH_MS
        return str((milliseconds << 22) | (next(self._sequence) & 0x3FFFFF))

    def add_user(self, name: str) -> User:
        """Add a member of the guild; raise ValueError for a name that is taken."""
        if any(user.name == name for user in self.users.values()):
            raise ValueError(f"there is a user {name} already")
        user = User(self.snowflake(), name)
        self.users[user.id] = user
        self.changed()
        return user

    def find_user(self, name_or_id: str) -> User:
        """Return a user by id or name; raise LookupError."""
        for user in self.users.values():
            if name_or_id in (user.id, user.name):
                return user
        raise LookupError(f"no user {name_or_id}")

    def direct_channel(self, user: User) -> Channel:
        """Return the bot's direct channel with a user, made when first asked for."""
        for channel in self.channels.values():
            if channel.recipient == user:
                return channel
        channel = Channel(self.snowflake(), DIRECT_CHANNEL, user.name, self.bot.id, recipient=user)
        self.channels[channel.id] = channel
        return channel

    def post(self, message: Message) -> None:
        """Keep a new message; everybody in its channel sees it unless it is ephemeral."""
        self.messages[message.id] = message
        if not message.ephemeral:
            self._public.setdefault(message.channel_id, []).append(message)

    def messages_in(self, channel_id: str) -> list[Message]:
        """Return what everybody in a channel sees, oldest first."""
        return [message for message in self._public.get(channel_id, []) if not message.deleted]

    def start(self, interaction: Interaction) -> None:
        """Keep a new interaction."""
        self.interactions[interaction.id] = interaction
        self.interactions_by_token[interaction.token] = interaction

    def find_command(self, name: str) -> Json | None:
        """Return a registered slash command; the guild's hides a global one of the same name."""
        for scope in (self.guild_id, None):
            for command in self.commands[scope]:
                if command["name"] == name:
                    return command
        return None

    def changed(self) -> None:
        """Note a change and wake everyone who waits for one."""
        self.revision += 1
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
        self._waiters.clear()

    async def wait_beyond(self, revision: int, timeout_s: float) -> bool:
        """Wait until the revision is above the given one; False when the time runs out first."""
        if self.revision > revision:
            return True
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        try:
            async with asyncio.timeout(timeout_s):
                await waiter
        except TimeoutError:
            return False
        finally:
            self._waiters.discard(waiter)
        return True
