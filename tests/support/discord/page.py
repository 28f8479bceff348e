"""The channel as a web page, in which a person presses the buttons and runs the commands.

Rendered here, refreshed by `page.js` whenever the revision rises. All text from the bot is escaped.
"""

from __future__ import annotations

import re
from html import escape, unescape
from pathlib import Path

from aiohttp import web

from .fields import SELECTS, modal_field, select
from .people import BUTTON, LINK_STYLE
from .world import DIRECT_CHANNEL, LOADING, TEXT_CHANNEL, Attachment, Interaction, Json, Message, User, World

HERE = Path(__file__).parent
TYPES = {"page.js": "text/javascript", "command.js": "text/javascript", "page.css": "text/css"}
LANGUAGES = {"en-US": "English", "de": "Deutsch", "fr": "Français"}
POLICY = "default-src 'none'; img-src 'self' data:; style-src 'self'; script-src 'self'; connect-src 'self'"
STYLES = {1: "primary", 2: "plain", 3: "success", 4: "danger", 5: "link"}
SHOWN_PRIVATE = 5  # the latest answers that only the chosen person sees


class Page:
    """Serves the page, its two static files, and the part that changes."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[web.RouteDef]:
        """Return the page's routes."""
        return [
            web.get("/", self._whole),
            web.get("/part", self._part),
            web.get("/{name:page\\.js|page\\.css|command\\.js}", self._static),
        ]

    async def _whole(self, request: web.Request) -> web.Response:
        who = self._reader(request)
        people = "".join(
            f"<option{' selected' if one == who else ''}>{escape(one.name)}</option>"
            for one in self._world.users.values()
        )
        spoken = self._world.locales.get(who.id, "en-US")
        languages = "".join(
            f'<option value="{code}"{" selected" if code == spoken else ""}>{name}</option>'
            for code, name in LANGUAGES.items()
        )
        return _html(
            '<!doctype html><html lang="en"><meta charset="utf-8"><title>Stand-in Discord</title>'
            '<meta name="viewport" content="width=device-width,initial-scale=1">'
            '<link rel="icon" href="data:,">'
            '<link rel="stylesheet" href="/page.css"><script src="/page.js" defer></script>'
            '<script src="/command.js" defer></script>'
            f"<header><h1>{escape(self._world.guild_name)} "
            f"<small>#{escape(self._world.channel.name)}</small></h1>"
            f'<p><label>You are <select id="user">{people}</select></label> '
            f'<label>Language <select id="locale">{languages}</select></label></p></header>'
            f'<main id="part" data-revision="{self._world.revision}">{self._body(who)}</main>'
            '<footer><form id="command"><label for="line">Command</label> '
            '<input id="line" autocomplete="off" list="names" placeholder="/name option=value">'
            '<button>Run</button><datalist id="names"></datalist><div id="options"></div></form>'
            '<p id="said" role="status"></p>'
            '<details><summary>All commands</summary><ul id="commands"></ul></details>'
            "</footer></html>"
        )

    async def _part(self, request: web.Request) -> web.Response:
        await self._world.wait_beyond(int(request.query.get("since", -1)), 20.0)
        answer = _html(self._body(self._reader(request)))
        answer.headers["X-Revision"] = str(self._world.revision)
        return answer

    async def _static(self, request: web.Request) -> web.FileResponse:
        name = request.match_info["name"]
        return web.FileResponse(HERE / name, headers={"Content-Type": TYPES[name]})

    def _reader(self, request: web.Request) -> User:
        if "user" in request.query:
            return self._world.find_user(request.query["user"])
        return next(iter(self._world.users.values()))

    def _body(self, who: User) -> str:
        world = self._world
        parts: list[str] = []
        for channel in world.channels.values():
            seen = world.messages_in(channel.id)
            if channel.kind == TEXT_CHANNEL and channel != world.channel and seen:
                parts += [f"<h2>#{escape(channel.name)}</h2>", *map(self._message, seen)]
            elif channel.parent_id is not None and seen:
                parts += [f"<h2>Thread: {escape(channel.name)}</h2>", *map(self._message, seen)]
            elif channel.kind == DIRECT_CHANNEL and channel.recipient == who and seen:
                parts += [f"<h2>Direct messages to {escape(who.name)}</h2>", *map(self._message, seen)]
        if parts:
            parts.append(f"<h2>#{escape(world.channel.name)}</h2>")
        own = [one for one in world.interactions.values() if one.user == who]
        private = [each for one in own for each in one.messages if each.ephemeral and not each.deleted]
        seen = [*world.messages_in(world.channel.id), *private[-SHOWN_PRIVATE:]]
        parts += map(self._message, sorted(seen, key=lambda one: one.created))
        submitted = {one.opened_by.id for one in own if one.opened_by is not None}
        modals = [one for one in own if one.modal is not None and one.id not in submitted]
        parts += map(self._modal, modals[-1:])  # another command takes the place of one that was not sent
        return "".join(parts) or "<p>Nothing here yet.</p>"

    def _modal(self, one: Interaction) -> str:
        modal = one.modal or {}
        fields = (modal_field(self._world, outer) for outer in modal["components"])
        return (
            f'<form class="modal" data-interaction="{one.id}"><h3>{escape(str(modal["title"]))}</h3>'
            f"{''.join(fields)}<button>Submit</button> "
            '<button type="button" data-cancel>Cancel</button></form>'
        )

    def _message(self, one: Message) -> str:
        note = ' <em class="note">Only you can see this</em>' if one.ephemeral else ""
        note += ' <em class="note">(edited)</em>' if one.edited else ""
        waiting = "<p><em>is thinking…</em></p>" if one.flags & LOADING else ""
        pictures = "".join(
            f'<a href="/control/attachments/{file.id}">{_picture(file.id) if _is_picture(file) else ""}'
            f"<span>{escape(file.filename)}</span></a>"
            for file in one.attachments
            if file.id not in one.hidden
        )
        rows = "".join(self._component(one, part) for part in one.components)
        embeds = "".join(map(self._embed, one.embeds))
        private = " class=private" if one.ephemeral else ""
        return (
            f'<article id="m{one.id}"{private}><h4>{escape(one.author.name)}'
            f' <time data-at="{int(one.created.timestamp())}" data-style="T"></time>{note}</h4>{waiting}'
            f"<div>{self._marked(one.content)}</div>{embeds}{pictures}{rows}</article>"
        )

    def _component(self, message: Message, part: Json) -> str:
        kind = part["type"]
        if kind == BUTTON:
            label = escape(
                str((part.get("emoji") or {}).get("name") or "") + " " + str(part.get("label") or "")
            )
            if part.get("style") == LINK_STYLE:
                where = _address(part["url"])
                return f'<a class="button" target="_blank" rel="noopener" href="{where}">{label}</a>'
            disabled = " disabled" if part.get("disabled") else ""
            return (
                f'<button class="{STYLES.get(part["style"], "plain")}" data-message="{message.id}" '
                f'data-press="{escape(part.get("custom_id", ""))}"{disabled}>'
                f"{label}</button>"
            )
        if kind in SELECTS:
            pressed = f'data-message="{message.id}" data-press="{escape(part["custom_id"])}"'
            disabled = " disabled" if part.get("disabled") else ""
            return select(self._world, part, pressed + disabled)
        if kind == 10:
            return f"<div>{self._marked(part['content'])}</div>"
        inner = [*part.get("components", []), *([part["accessory"]] if "accessory" in part else [])]
        return f'<div class="row">{"".join(self._component(message, one) for one in inner)}</div>'

    def _embed(self, embed: Json) -> str:
        title = self._marked(embed.get("title", ""))
        if title and embed.get("url"):
            title = f'<a target="_blank" rel="noopener" href="{_address(embed["url"])}">{title}</a>'
        fields = "".join(
            f"<dl{' class=inline' if one['inline'] else ''}><dt>{self._marked(one['name'])}</dt>"
            f"<dd>{self._marked(one['value'])}</dd></dl>"
            for one in embed.get("fields", [])
        )
        image = _picture_of(embed.get("image")) + _picture_of(embed.get("thumbnail"))
        footer = escape((embed.get("footer") or {}).get("text") or "")
        return (
            f'<section class="embed" data-color="{embed.get("color", 0):06x}"><h3>{title}</h3>'
            f"<div>{self._marked(embed.get('description', ''))}</div>"
            f"{fields}{image}<small>{footer}</small></section>"
        )

    def _marked(self, text: str) -> str:
        """Return Discord's markdown as HTML: the part of it that bots use."""
        parts = re.split(r"\n?```(?:\w*\n)?(.*?)\n?```\n?", text, flags=re.DOTALL)
        parts[1::2] = [f"<pre>{escape(code)}</pre>" for code in parts[1::2]]
        parts[::2] = map(self._lines_marked, parts[::2])
        return "".join(parts)

    def _lines_marked(self, text: str) -> str:
        names = {who.id: who.name for who in [*self._world.users.values(), self._world.bot]}
        # What a backslash stands before is shown as it is: as its number, which nothing below reads.
        safe = re.sub(
            r"\\(&[#\w]+;|[^\sA-Za-z0-9])", lambda found: f"&#{ord(unescape(found[1]))};", escape(text)
        )
        safe = re.sub(
            r"&lt;t:(-?\d+)(?::([tTdDfFRsS]))?&gt;",
            lambda found: f'<time data-at="{found[1]}" data-style="{found[2] or "f"}"></time>',
            safe,
        )
        shown = {f"&lt;#{one.id}&gt;": f"#{one.name}" for one in self._world.channels.values()}
        shown |= {f"&lt;@&amp;{one.id}&gt;": f"@{one.name}" for one in self._world.roles.values()}
        for sign, name in shown.items():
            safe = safe.replace(sign, f"<b>{escape(name)}</b>")
        safe = re.sub(r"&lt;@!?(\d+)&gt;", lambda found: f"<b>@{escape(names.get(found[1], '?'))}</b>", safe)
        safe = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", safe)
        safe = re.sub(r"(?<![\w*])[*_]([^*_\n]+)[*_](?![\w*])", r"<i>\1</i>", safe)
        safe = re.sub(r"(?m)^#{1,3} (.+)$", r"<b>\1</b>", safe)
        safe = re.sub(r"(?m)^-# (.+)$", r"<small>\1</small>", safe)
        safe = re.sub(
            r"&lt;(https?://[^\s&]+)&gt;",
            r'<a target="_blank" rel="noopener" href="\1">\1</a>',
            safe,
        )
        safe = re.sub(r"&lt;/([\w -]+):\d+&gt;", r"<code>/\1</code>", safe)
        safe = re.sub(r"`([^`\n]+)`", r"<code>\1</code>", safe)
        safe = re.sub(
            r"\[([^\]\n]+)\]\((https?://[^\s)]+)\)",
            r'<a target="_blank" rel="noopener" href="\2">\1</a>',
            safe,
        )
        return safe.replace("\n", "<br>")


def _picture_of(shown: Json | None) -> str:
    """Return the picture of an embed when it is an upload; others are not fetched from anywhere."""
    found = re.search(r"/attachments/\d+/(\d+)/", (shown or {}).get("url", ""))
    return _picture(found[1]) if found else ""


def _picture(attachment_id: str) -> str:
    return f'<img alt="" src="/control/attachments/{attachment_id}">'


def _is_picture(file: Attachment) -> bool:
    return file.content_type.startswith("image/")


def _address(url: str) -> str:
    return escape(url) if url.startswith(("https://", "http://")) else "#"


def _html(text: str) -> web.Response:
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"}
    return web.Response(text=text, content_type="text/html", headers=headers)
