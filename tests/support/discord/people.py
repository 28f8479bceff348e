"""What people do in a Discord client: press, choose, run a command, type ahead, submit a modal.

Only what a real client would allow: a button that is shown, enabled and not a link; a command that is
registered, with its options in their types; a modal that the bot opened for this person.
"""

from __future__ import annotations

import base64
import mimetypes
import re
import secrets
from collections.abc import Callable
from typing import Any

from . import payloads
from .bodies import flat
from .gateway import Gateway
from .world import Attachment, Channel, Interaction, Json, Message, User, World

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 2, 3, 4, 5
BUTTON, TEXT_INPUT, LABEL, ACTION_ROW = 2, 4, 18, 1
MENU, USERS, ROLES, MENTIONABLES, CHANNELS = 3, 5, 6, 7, 8  # kinds of select
LINK_STYLE = 5
SUB_COMMANDS = (1, 2)
CASTS: dict[int, Callable[[Any], Any]] = {
    3: str,
    4: int,
    5: lambda given: str(given).lower() == "true",
    6: str,
    7: str,
    8: str,
    9: str,
    10: float,
}
FILE_OPTION = 11
OPTION_SELECTS = {6: USERS, 7: CHANNELS, 8: ROLES, 9: MENTIONABLES}
"""Kinds of option that name something of the guild, and the select that does too."""


class Refused(Exception):
    """A person could not do this in a real client either."""


class People:
    """Turns what people do into interactions and sends them to the bot."""

    def __init__(self, world: World, gateway: Gateway) -> None:
        self._world = world
        self._gateway = gateway

    def press(
        self, who: User, message_id: str, custom_id: str, values: list[str] | None = None
    ) -> Interaction:
        """Press a button, or choose values of a select, on a message that this person sees."""
        message = self._world.messages.get(message_id)
        if message is None or message.deleted or not self.sees(who, message):
            raise Refused(f"{who.name} sees no message {message_id}")
        component = next((one for one in flat(message.components) if one.get("custom_id") == custom_id), None)
        if component is None:
            raise Refused(f"message {message_id} has no component {custom_id}")
        if component.get("disabled"):
            raise Refused(f"component {custom_id} is disabled")
        data: Json = {"custom_id": custom_id, "component_type": component["type"], "id": component["id"]}
        if component["type"] != BUTTON:
            data["values"] = self._chosen(component, values or [])
            if component["type"] != MENU:
                data["resolved"] = self._resolve(component["type"], data["values"])
        channel = self._world.channels[message.channel_id]
        made = Interaction(self._world.snowflake(), new_token(), COMPONENT, who, channel, data, message)
        return self._send(made)

    def command(self, who: User, name: str, options: Json, channel: Channel) -> Interaction:
        """Run a slash command; `name` may go on with a subcommand, as in "propose pause"."""
        data = self._command_data(name, options, channel, strict=True)
        return self._send(Interaction(self._world.snowflake(), new_token(), COMMAND, who, channel, data))

    def type_ahead(self, who: User, name: str, options: Json, focused: str, channel: Channel) -> Interaction:
        """Ask for the choices of the option that is being typed."""
        data = self._command_data(name, options, channel, strict=False, focused=focused)
        return self._send(Interaction(self._world.snowflake(), new_token(), AUTOCOMPLETE, who, channel, data))

    def submit(self, who: User, opened_by: Interaction, values: dict[str, Any]) -> Interaction:
        """Submit the modal that an interaction of this person opened."""
        modal = opened_by.modal
        if modal is None or opened_by.user != who:
            raise Refused(f"interaction {opened_by.id} opened no modal for {who.name}")
        known = {one["custom_id"]: one for one in flat(modal["components"]) if "custom_id" in one}
        if strange := values.keys() - known.keys():
            raise Refused(f"the modal has no field {', '.join(sorted(strange))}")
        resolved: Json = {}
        for custom_id, field in known.items():
            text = str(values.get(custom_id) or field.get("value") or "")
            if field["type"] == TEXT_INPUT:
                self._check_text(custom_id, field, text)
            elif field["type"] in (MENU, USERS, ROLES, MENTIONABLES, CHANNELS):
                chosen = values.get(custom_id) or []
                values[custom_id] = [chosen] if isinstance(chosen, str) else chosen
                if values[custom_id] or field.get("required", True):
                    self._chosen(field, values[custom_id])
                if field["type"] != MENU:
                    for kind, found in self._resolve(field["type"], values[custom_id]).items():
                        resolved.setdefault(kind, {}).update(found)
        filled = [_filled(one, values) for one in modal["components"]]
        data = {"custom_id": modal["custom_id"], "components": filled, "resolved": resolved}
        made = Interaction(
            self._world.snowflake(),
            new_token(),
            MODAL_SUBMIT,
            who,
            opened_by.channel,
            data,
            opened_by.message,
        )
        made.opened_by = opened_by
        return self._send(made)

    def sees(self, who: User, message: Message) -> bool:
        """Say whether a person sees a message."""
        channel = self._world.channels[message.channel_id]
        if message.ephemeral:
            return message.interaction is not None and message.interaction.user == who
        return channel.recipient in (None, who)

    def _chosen(self, select: Json, values: list[str]) -> list[str]:
        """Return what was chosen; raise Refused for too few, too many, or what is not offered."""
        least, most = select.get("min_values", 1), select.get("max_values", 1)
        if not least <= len(values) <= most:
            raise Refused(f"choose {least} to {most} of {select['custom_id']}")
        offered = {one["value"] for one in select.get("options", [])}
        if select["type"] == MENU and (strange := set(values) - offered):
            raise Refused(f"{select['custom_id']} does not offer {', '.join(sorted(strange))}")
        return values

    def _resolve(self, kind: int, ids: list[str]) -> Json:
        """Return the users, roles or channels that ids name, as interactions carry them."""
        world, found = self._world, Json()
        for one in ids:
            if kind in (USERS, MENTIONABLES) and one in world.users:
                person = world.users[one]
                bare = {key: item for key, item in payloads.member(person).items() if key != "user"}
                bare["permissions"] = payloads.permissions_of(world, person)
                found.setdefault("users", {})[one] = payloads.user(person)
                found.setdefault("members", {})[one] = bare
            elif kind in (ROLES, MENTIONABLES) and one in world.roles:
                found.setdefault("roles", {})[one] = payloads.role(
                    world.roles[one], list(world.roles).index(one)
                )
            elif kind == CHANNELS and one in world.channels:
                shown = payloads.channel(world, world.channels[one])
                found.setdefault("channels", {})[one] = shown | {"permissions": payloads.MEMBER_PERMISSIONS}
            else:
                raise Refused(f"there is no {one} to choose")
        return found

    def _upload(self, sent: Json, channel: Channel, resolved: Json) -> str:
        """Keep a person's file; return its id."""
        name = str(sent["filename"])
        made = Attachment(
            id=self._world.snowflake(),
            channel_id=channel.id,
            filename=re.sub(r"[^\w.-]", "_", name),
            content=base64.b64decode(sent["base64"], validate=True),
            content_type=mimetypes.guess_type(name)[0] or "application/octet-stream",
        )
        if len(made.content) > payloads.MAX_UPLOAD_BYTES:
            raise Refused(f"{name} is larger than {payloads.MAX_UPLOAD_BYTES} bytes")
        self._world.attachments[made.id] = made
        resolved.setdefault("attachments", {})[made.id] = payloads.attachment(made)
        return made.id

    def _check_text(self, custom_id: str, field: Json, text: str) -> None:
        if field.get("required", True) and not text:
            raise Refused(f"field {custom_id} is required")
        longest, least = field.get("max_length", 4000), field.get("min_length", 0)
        if text and not least <= len(text) <= longest:
            raise Refused(f"field {custom_id} takes {least} to {longest} characters")

    def _command_data(
        self, name: str, options: Json, channel: Channel, *, strict: bool, focused: str | None = None
    ) -> Json:
        first, *below = name.removeprefix("/").split()
        command = self._world.find_command(first)
        if command is None:
            raise Refused(f"there is no command /{first}")
        described = command.get("options", [])
        path: list[Json] = []
        for step in below:
            sub = next(
                (one for one in described if one["name"] == step and one["type"] in SUB_COMMANDS), None
            )
            if sub is None:
                raise Refused(f"there is no command /{name}")
            path.append(sub)
            described = sub.get("options", [])
        resolved: Json = {}
        filled = self._options(described, options, channel, resolved, strict=strict, focused=focused)
        for sub in reversed(path):
            filled = [{"name": sub["name"], "type": sub["type"], "options": filled}]
        data: Json = {"id": command["id"], "name": first, "type": 1, "options": filled}
        if "guild_id" in command:
            data["guild_id"] = command["guild_id"]
        return data | ({"resolved": resolved} if resolved else {})

    def _options(
        self,
        described: list[Json],
        given: Json,
        channel: Channel,
        resolved: Json,
        *,
        strict: bool,
        focused: str | None,
    ) -> list[Json]:
        known = {one["name"]: one for one in described}
        if strange := given.keys() - known.keys():
            raise Refused(f"there is no option {', '.join(sorted(strange))}")
        missing = [one["name"] for one in described if one.get("required") and one["name"] not in given]
        if missing and strict:
            raise Refused(f"option {missing[0]} is required")
        if any(one["type"] in SUB_COMMANDS for one in described):
            raise Refused(f"a subcommand is required: {', '.join(known)}")
        filled: list[Json] = []
        for name, value in given.items():
            kind = known[name]["type"]
            if kind == FILE_OPTION:
                if strict:
                    uploaded = self._upload(value, channel, resolved)
                    filled.append({"name": name, "type": kind, "value": uploaded})
                continue
            try:
                cast = CASTS[kind](value) if strict else str(value)
            except ValueError:
                raise Refused(f"option {name} does not take {value!r}") from None
            allowed = [choice["value"] for choice in known[name].get("choices", [])]
            if strict and allowed and cast not in allowed:
                raise Refused(f"option {name} is one of {', '.join(map(str, allowed))}")
            if kind in OPTION_SELECTS and strict:
                cast = self._world.find_user(str(value)).id if kind == 6 else str(value)
                for sort, found in self._resolve(OPTION_SELECTS[kind], [cast]).items():
                    resolved.setdefault(sort, {}).update(found)
            filled.append(
                {"name": name, "type": kind, "value": cast} | ({"focused": True} if name == focused else {})
            )
        return filled

    def _send(self, made: Interaction) -> Interaction:
        """Hand an interaction to the bot."""
        self._world.start(made)
        self._gateway.dispatch("INTERACTION_CREATE", payloads.interaction(self._world, made))
        self._world.changed()
        return made


def new_token() -> str:
    """Return what authenticates the answers to one interaction."""
    return secrets.token_urlsafe(48)


def links(components: list[Json]) -> list[Json]:
    """Return the link buttons of a message: their label and address."""
    return [
        {"label": one.get("label", ""), "url": one["url"]}
        for one in flat(components)
        if one["type"] == BUTTON and one.get("style") == LINK_STYLE
    ]


def _filled(component: Json, values: dict[str, Any]) -> Json:
    """Return a modal's component as its submission carries it."""
    found: Json = {"type": component["type"], "id": component["id"]}
    if component["type"] == ACTION_ROW:
        return found | {"components": [_filled(one, values) for one in component["components"]]}
    if component["type"] == LABEL:
        return found | {"component": _filled(component["component"], values)}
    if "custom_id" not in component:
        return found
    found["custom_id"] = component["custom_id"]
    if component["type"] == TEXT_INPUT:
        return found | {"value": values.get(component["custom_id"], component.get("value") or "")}
    return found | {"values": values.get(component["custom_id"], [])}
