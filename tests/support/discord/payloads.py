"""How the records of `world.py` look in Discord's JSON. Pure: reads the world, changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from .world import DIRECT_CHANNEL, THREAD, Attachment, Channel, Interaction, Json, Message, Role, User, World

CDN = "https://cdn.discordapp.com"
JOINED = datetime(2024, 1, 1, tzinfo=UTC).isoformat()
MAX_UPLOAD_BYTES = 10 * 1024 * 1024

# View, send, embed, attach, history, threads and slash commands: what a bot is usually invited with.
MEMBER_PERMISSIONS = str(
    1 << 10 | 1 << 11 | 1 << 14 | 1 << 15 | 1 << 16 | 1 << 31 | 1 << 34 | 1 << 35 | 1 << 36 | 1 << 38
)
OWNER_PERMISSIONS = str((1 << 53) - 1)


EMPTY_GUILD_FIELDS = (
    "icon",
    "description",
    "home_header",
    "splash",
    "discovery_splash",
    "banner",
    "application_id",
    "afk_channel_id",
    "system_channel_id",
    "widget_channel_id",
    "vanity_url_code",
    "rules_channel_id",
    "safety_alerts_channel_id",
    "public_updates_channel_id",
    "incidents_data",
    "max_presences",
)
ZERO_GUILD_FIELDS = (
    "system_channel_flags",
    "verification_level",
    "default_message_notifications",
    "mfa_level",
    "explicit_content_filter",
    "premium_tier",
    "premium_subscription_count",
    "nsfw_level",
)


def user(who: User) -> Json:
    """Return a public user object."""
    found: Json = {
        "id": who.id,
        "username": who.name,
        "global_name": None if who.bot else who.name.capitalize(),
        "discriminator": "0",
        "avatar": None,
        "public_flags": 0,
        "flags": 0,
        "primary_guild": None,
    }
    if who.bot:
        found["bot"] = True
    return found


def own_user(world: World) -> Json:
    """Return the bot as it sees itself."""
    return user(world.bot) | {"mfa_enabled": True, "locale": "en-US", "verified": True, "email": None}


def member(who: User) -> Json:
    """Return a guild member object."""
    return {
        "user": user(who),
        "nick": None,
        "avatar": None,
        "banner": None,
        "roles": [],
        "joined_at": JOINED,
        "premium_since": None,
        "communication_disabled_until": None,
        "deaf": False,
        "mute": False,
        "pending": False,
        "flags": 0,
    }


def permissions_of(world: World, who: User) -> str:
    """Return what a user may do in the guild's channel."""
    return OWNER_PERMISSIONS if who == world.owner else MEMBER_PERMISSIONS


def application(world: World) -> Json:
    """Return the bot's application, as `/oauth2/applications/@me` gives it."""
    return {
        "id": world.application_id,
        "name": world.bot.name,
        "icon": None,
        "description": "",
        "type": None,
        "bot": user(world.bot),
        "bot_public": False,
        "bot_require_code_grant": False,
        "verify_key": "0" * 64,
        "flags": 0,
        "flags_new": "0",
        "redirect_uris": [],
        "interactions_endpoint_url": None,
        "role_connections_verification_url": None,
        "owner": user(world.owner),
        "approximate_guild_count": 1,
        "approximate_user_install_count": 0,
        "approximate_user_authorization_count": 0,
        "explicit_content_filter": 0,
        "team": None,
        "eligible_oauth2_scopes": [],
    }


def role(one: Role, position: int) -> Json:
    """Return a role object."""
    return {
        "id": one.id,
        "name": one.name if position else "@everyone",
        "permissions": MEMBER_PERMISSIONS,
        "position": position,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "managed": False,
        "mentionable": position > 0,
        "icon": None,
        "unicode_emoji": None,
        "flags": 0,
    }


def guild(world: World) -> Json:
    """Return the guild with its roles, as REST gives it."""
    nothing: list[Any] = []
    empty = dict.fromkeys(EMPTY_GUILD_FIELDS)
    zero = dict.fromkeys(ZERO_GUILD_FIELDS, 0)
    return (
        empty
        | zero
        | {
            "id": world.guild_id,
            "name": world.guild_name,
            "owner_id": world.owner.id,
            "roles": [role(one, position) for position, one in enumerate(world.roles.values())],
            "features": nothing,
            "emojis": nothing,
            "stickers": nothing,
            "region": "deprecated",
            "afk_timeout": 300,
            "widget_enabled": False,
            "max_members": 500_000,
            "max_stage_video_channel_users": 50,
            "max_video_channel_users": 25,
            "preferred_locale": "en-US",
            "premium_progress_bar_enabled": False,
            "nsfw": False,
        }
    )


def guild_create(world: World) -> Json:
    """Return the guild with members and channels, as the gateway gives it once after READY."""
    members = [world.bot, *world.users.values()]
    return guild(world) | {
        "joined_at": JOINED,
        "large": False,
        "unavailable": False,
        "member_count": len(members),
        "members": [member(who) for who in members],
        "channels": [channel(world, one) for one in world.channels.values() if one.kind == 0],
        "threads": [channel(world, one) for one in world.channels.values() if one.kind == THREAD],
        "voice_states": [],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }


def channel(world: World, one: Channel) -> Json:
    """Return a channel, thread or direct channel object."""
    seen = world.messages_in(one.id)
    found: Json = {
        "id": one.id,
        "type": one.kind,
        "flags": 0,
        "last_message_id": seen[-1].id if seen else None,
    }
    if one.kind == DIRECT_CHANNEL:
        return found | {"recipients": [user(one.recipient)] if one.recipient else []}
    found |= {
        "guild_id": world.guild_id,
        "name": one.name,
        "parent_id": one.parent_id,
        "rate_limit_per_user": 0,
    }
    if one.kind == THREAD:
        return found | {
            "owner_id": one.owner_id,
            "message_count": len(seen),
            "member_count": 1,
            "total_message_sent": len(seen),
            "thread_metadata": {
                "archived": one.archived,
                "locked": one.locked,
                "auto_archive_duration": 1440,
                "archive_timestamp": one.created.isoformat(),
                "create_timestamp": one.created.isoformat(),
            },
        }
    return found | {"position": 0, "permission_overwrites": [], "nsfw": False, "topic": None}


def attachment(one: Attachment) -> Json:
    """Return an attachment with its address on the CDN, and the size of a PNG picture."""
    address = cdn_url(one)
    found: Json = {
        "id": one.id,
        "filename": one.filename,
        "size": len(one.content),
        "url": address,
        "proxy_url": address,
        "content_type": one.content_type,
    }
    if one.description:
        found["description"] = one.description
    if one.content[:8] == b"\x89PNG\r\n\x1a\n":
        found["width"] = int.from_bytes(one.content[16:20], "big")
        found["height"] = int.from_bytes(one.content[20:24], "big")
    return found


def cdn_url(one: Attachment) -> str:
    """Return where Discord would publish a file."""
    return f"{CDN}/attachments/{one.channel_id}/{one.id}/{one.filename}"


def message(world: World, one: Message) -> Json:
    """Return a message object as REST gives it; the gateway adds guild and member."""
    found: Json = {
        "id": one.id,
        "type": 0,
        "channel_id": one.channel_id,
        "author": user(one.author),
        "content": one.content,
        "timestamp": one.created.isoformat(),
        "edited_timestamp": one.edited.isoformat() if one.edited else None,
        "tts": one.tts,
        "mention_everyone": False,
        "mentions": [user(who) for who in one.mentions],
        "mention_roles": [],
        "attachments": [attachment(file) for file in one.attachments if file.id not in one.hidden],
        "embeds": one.embeds,
        "components": one.components,
        "pinned": False,
        "flags": one.flags,
    }
    if one.nonce is not None:
        found["nonce"] = one.nonce
    if one.reference is not None:
        found["type"] = 19
        found["message_reference"] = {"type": 0, "guild_id": world.guild_id, **one.reference}
    if one.thread_id is not None:
        found["thread"] = channel(world, world.channels[one.thread_id])
    if one.interaction is not None:
        caused = one.interaction
        found["type"] = 20 if caused.kind == 2 else found["type"]
        found["application_id"] = world.application_id
        found["webhook_id"] = world.application_id
        found["interaction_metadata"] = {
            "id": caused.id,
            "type": caused.kind,
            "user": user(caused.user),
            "authorizing_integration_owners": {"0": world.guild_id},
        }
        if caused.message is not None and caused.kind == 3:
            found["interaction_metadata"]["interacted_message_id"] = caused.message.id
        elif caused.kind == 2:
            found["interaction_metadata"]["command_type"] = 1
        elif caused.kind == 5:
            del found["interaction_metadata"]
    return found


def message_event(world: World, one: Message) -> Json:
    """Return a message as MESSAGE_CREATE and MESSAGE_UPDATE carry it."""
    found = message(world, one)
    if world.channels[one.channel_id].kind != DIRECT_CHANNEL:
        found["guild_id"] = world.guild_id
        found["member"] = {key: value for key, value in member(one.author).items() if key != "user"}
    return found


def interaction(world: World, one: Interaction) -> Json:
    """Return an interaction as INTERACTION_CREATE carries it."""
    direct = one.channel.kind == DIRECT_CHANNEL
    found: Json = {
        "id": one.id,
        "application_id": world.application_id,
        "type": one.kind,
        "token": one.token,
        "version": 1,
        "channel_id": one.channel.id,
        "channel": channel(world, one.channel) | {"permissions": permissions_of(world, one.user)},
        "data": one.data,
        "app_permissions": MEMBER_PERMISSIONS,
        "locale": world.locales.get(one.user.id, "en-US"),
        "entitlements": [],
        "entitlement_sku_ids": [],
        "authorizing_integration_owners": {"0": "0" if direct else world.guild_id},
        "context": 1 if direct else 0,
        "attachment_size_limit": MAX_UPLOAD_BYTES,
    }
    if direct:
        found["user"] = user(one.user)
    else:
        found["guild_id"] = world.guild_id
        found["guild_locale"] = "en-US"
        found["guild"] = {"id": world.guild_id, "locale": "en-US", "features": []}
        found["member"] = member(one.user) | {"permissions": permissions_of(world, one.user)}
    if one.message is not None:
        found["message"] = message(world, one.message)
    return found
