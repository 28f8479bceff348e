"""Reading what a client sends (JSON, or multipart with files) and turning it into a message.

Refuses with Discord's own error answers what Discord refuses by hard limits: an empty message, more than
2,000 characters, more than 6,000 in all embeds, two components with one custom id.
"""

from __future__ import annotations

import json
import mimetypes
import re
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from . import payloads
from .world import EPHEMERAL, LOADING, Attachment, Json, Message, World

MAX_CONTENT = 2000  # the OpenAPI description says 4000, which bots do not get
MAX_EMBED_TEXT = 6000
MAX_EMBED_PARTS = {"title": 256, "description": 4096}
COMPONENTS_V2 = 1 << 15
KEPT_FLAGS = EPHEMERAL | LOADING | COMPONENTS_V2 | 1 << 2 | 1 << 12


class ApiError(Exception):
    """An error answer in Discord's form."""

    def __init__(self, status: int, code: int, message: str, errors: Json | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.body: Json = {"code": code, "message": message} | ({"errors": errors} if errors else {})


def invalid_form(field: str, reason: str) -> ApiError:
    """Return the error for a field that breaks a limit."""
    errors = {field: {"_errors": [{"code": 50035, "message": reason}]}}
    return ApiError(400, 50035, "Invalid Form Body", errors)


class Body:
    """A request's JSON and its uploaded files by their number."""

    def __init__(self, data: Any, files: dict[int, tuple[str, bytes]]) -> None:
        self.data = data
        self.files = files

    @property
    def object(self) -> Json:
        """Return the JSON where it has to be an object; raise ApiError where it is not."""
        if not isinstance(self.data, dict):
            raise invalid_form("body", "Must be an object.")
        return self.data


READ = web.RequestKey("read", Body)


async def read(request: web.Request) -> Body:
    """Read a request's body once: nothing, JSON, or multipart with `payload_json` and `files[n]`."""
    if READ not in request:
        request[READ] = await _read(request)
    return request[READ]


async def _read(request: web.Request) -> Body:
    if not request.can_read_body:
        return Body(None, {})
    if not request.content_type.startswith("multipart/"):
        raw = await request.read()
        try:
            return Body(json.loads(raw) if raw else None, {})
        except ValueError:
            raise ApiError(400, 50109, "The request body contains invalid JSON.") from None
    data: Any = None
    files: dict[int, tuple[str, bytes]] = {}
    for name, value in (await request.post()).items():
        numbered = re.fullmatch(r"files\[(\d+)\]", name)
        if name == "payload_json" and isinstance(value, str):
            data = json.loads(value)
        elif numbered and isinstance(value, web.FileField):
            files[int(numbered[1])] = (value.filename, value.file.read())
    return Body(data or {}, files)


def fill(world: World, message: Message, data: Json, files: dict[int, tuple[str, bytes]]) -> None:
    """Put a request's content into a new or an existing message; fields that it leaves out stay."""
    check(data)
    if "content" in data:
        message.content = data["content"] or ""
        message.mentions = mentioned(world, message.content, data.get("allowed_mentions"))
    if "components" in data:
        message.components = numbered(data["components"] or [])
    if "flags" in data:
        message.flags = (message.flags & (EPHEMERAL | LOADING)) | ((data["flags"] or 0) & KEPT_FLAGS)
    _attach(world, message, data, files)
    if "embeds" in data:
        by_name = {file.filename: file for file in message.attachments}
        used: set[str] = set()
        message.embeds = [_embed(embed, by_name, used) for embed in data["embeds"] or []]
        message.hidden = used
    if not (message.content or message.embeds or message.components or message.attachments):
        raise ApiError(400, 50006, "Cannot send an empty message")


def edit(world: World, message: Message, data: Json, files: dict[int, tuple[str, bytes]]) -> None:
    """Change a message in place and keep what it was."""
    before = payloads.message(world, message)
    fill(world, message, data, files)
    message.history.append(before)
    message.edited = datetime.now(UTC)


def check(data: Json) -> None:
    """Refuse what is over Discord's limits for a bot."""
    if len(data.get("content") or "") > MAX_CONTENT:
        raise invalid_form("content", f"Must be {MAX_CONTENT} or fewer in length.")
    text = 0
    for embed in data.get("embeds") or []:
        for part, limit in MAX_EMBED_PARTS.items():
            if len(embed.get(part) or "") > limit:
                raise invalid_form("embeds", f"{part}: Must be {limit} or fewer in length.")
        text += sum(len(embed.get(part) or "") for part in MAX_EMBED_PARTS)
        text += len((embed.get("footer") or {}).get("text") or "") + len(
            (embed.get("author") or {}).get("name") or ""
        )
        text += sum(len(field["name"]) + len(field["value"]) for field in embed.get("fields") or [])
    if text > MAX_EMBED_TEXT:
        raise invalid_form("embeds", f"Embed size exceeds maximum size of {MAX_EMBED_TEXT}")
    ids = [one["custom_id"] for one in flat(data.get("components") or []) if "custom_id" in one]
    if len(ids) != len(set(ids)):
        raise invalid_form("components", "Component custom id cannot be duplicated")


def flat(components: list[Json]) -> list[Json]:
    """Return every component, those inside rows, sections and containers too, in order."""
    found: list[Json] = []
    for one in components:
        found.append(one)
        inner = [*one.get("components", []), *(one[key] for key in ("accessory", "component") if key in one)]
        found += flat(inner)
    return found


def numbered(components: list[Json]) -> list[Json]:
    """Return a copy in which every component has the id that Discord gives it."""
    copied: list[Json] = json.loads(json.dumps(components))
    every = flat(copied)
    taken = {one["id"] for one in every if one.get("id")}
    free = (number for number in range(1, len(every) + len(taken) + 1) if number not in taken)
    for one in every:
        one["id"] = one.get("id") or next(free)
        for chosen in one.get("default_values") or []:
            chosen["id"] = str(chosen["id"])  # libraries send numbers too
    return copied


def mentioned(world: World, content: str, allowed: Json | None) -> list[Any]:
    """Return the users whom a text really pings, given what the sender allowed."""
    named = [world.users[one] for one in re.findall(r"<@!?(\d+)>", content) if one in world.users]
    if allowed is None:
        return named
    chosen = {str(one) for one in allowed.get("users") or []}
    everyone = "users" in (allowed.get("parse") or [])
    return [who for who in named if everyone or who.id in chosen]


def _attach(world: World, message: Message, data: Json, files: dict[int, tuple[str, bytes]]) -> None:
    described: list[Json] | None = data.get("attachments")
    if described is None:
        kept = list(message.attachments)
        described = [{"id": number} for number in files]
    else:
        wanted = {str(one["id"]) for one in described}
        kept = [file for file in message.attachments if file.id in wanted]
    notes = {str(one["id"]): one for one in described}
    for number, (filename, content) in files.items():
        note = notes.get(str(number), {})
        name = note.get("filename") or filename
        made = Attachment(
            id=world.snowflake(),
            channel_id=message.channel_id,
            filename=re.sub(r"[^\w.-]", "_", name),
            content=content,
            content_type=mimetypes.guess_type(name)[0] or "application/octet-stream",
            description=note.get("description"),
        )
        world.attachments[made.id] = made
        kept.append(made)
    message.attachments = kept


def _embed(sent: Json, by_name: dict[str, Attachment], used: set[str]) -> Json:
    """Return an embed as Discord stores it: `attachment://` pictures get their address on the CDN."""
    embed: Json = {key: value for key, value in sent.items() if value is not None} | {"type": "rich"}
    for field in embed.get("fields", []):
        field.setdefault("inline", False)
    for place in ("image", "thumbnail"):
        address = (embed.get(place) or {}).get("url", "")
        file = (
            by_name.get(address.removeprefix("attachment://"))
            if address.startswith("attachment://")
            else None
        )
        if file is not None:
            used.add(file.id)
            shown = payloads.attachment(file)
            keys = ("url", "proxy_url", "width", "height", "content_type")
            embed[place] = {key: shown[key] for key in keys if key in shown}
    return embed
