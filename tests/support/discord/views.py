"""What the control interface shows of messages and interactions: the wire form, and what scripts ask for."""

from __future__ import annotations

from . import payloads
from .bodies import flat
from .people import BUTTON, LINK_STYLE, links
from .world import LOADING, Interaction, Json, Message, World

KINDS = {2: "command", 3: "component", 4: "autocomplete", 5: "modal"}
CALLBACKS = {
    1: "pong",
    4: "message",
    5: "deferred_message",
    6: "deferred_update",
    7: "update",
    8: "choices",
    9: "modal",
}


def message(world: World, one: Message) -> Json:
    """Return a message as it is now, with its history (oldest first), buttons and links."""
    buttons = [
        part for part in flat(one.components) if part["type"] == BUTTON and part.get("style") != LINK_STYLE
    ]
    return {
        "id": one.id,
        "channel_id": one.channel_id,
        "author": one.author.name,
        "content": one.content,
        "embeds": one.embeds,
        "components": one.components,
        "buttons": [
            {
                "label": part.get("label", ""),
                "custom_id": part["custom_id"],
                "style": part["style"],
                "disabled": bool(part.get("disabled")),
            }
            for part in buttons
            if "custom_id" in part
        ],
        "links": links(one.components),
        "attachments": [
            {
                "id": file.id,
                "filename": file.filename,
                "size": len(file.content),
                "content_type": file.content_type,
                "path": f"/control/attachments/{file.id}",
                "in_embed": file.id in one.hidden,
            }
            for file in one.attachments
        ],
        "mentions": [who.name for who in one.mentions],
        "ephemeral": one.ephemeral,
        "loading": bool(one.flags & LOADING),
        "seen_by": one.interaction.user.name if one.ephemeral and one.interaction else None,
        "interaction_id": one.interaction.id if one.interaction else None,
        "thread_id": one.thread_id,
        "created": one.created.isoformat(),
        "edited": one.edited.isoformat() if one.edited else None,
        "deleted": one.deleted,
        "history": one.history,
    }


def interaction(world: World, one: Interaction) -> Json:
    """Return an interaction and all that the bot answered, ephemeral messages included."""
    took = None if one.answered_s is None else round((one.answered_s - one.created_s) * 1000, 1)
    return {
        "id": one.id,
        "interaction_id": one.id,
        "type": KINDS[one.kind],
        "user": one.user.name,
        "channel_id": one.channel.id,
        "message_id": one.message.id if one.message else None,
        "data": one.data,
        "done": is_done(one),
        "callback": CALLBACKS[one.callback] if one.callback else None,
        "answered_after_ms": took,
        "messages": [message(world, each) for each in one.messages],
        "updates": one.updates,
        "modal": one.modal,
        "choices": one.choices,
    }


def is_done(one: Interaction) -> bool:
    """Say whether the bot has answered with something to see, not only put off its answer."""
    if one.callback is None:
        return False
    if one.callback == 5 and one.original is not None:
        return one.original.deleted or not one.original.flags & LOADING
    if one.callback == 6:
        return bool(one.updates or one.messages)
    return True


def state(world: World) -> Json:
    """Return the ids that a script needs to start."""
    return {
        "revision": world.revision,
        "application_id": world.application_id,
        "guild_id": world.guild_id,
        "channel_id": world.channel.id,
        "owner": world.owner.name,
        "users": [{"id": who.id, "name": who.name} for who in world.users.values()],
        "roles": [{"id": one.id, "name": one.name} for one in world.roles.values()],
        "channels": [payloads.channel(world, one) for one in world.channels.values()],
        "commands": [*world.commands[None], *world.commands[world.guild_id]],
    }
