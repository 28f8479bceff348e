"""Selects and fields of modals as HTML: what a person chooses from, and what the bot asks of them."""

from __future__ import annotations

from html import escape

from .people import CHANNELS, MENTIONABLES, MENU, ROLES, USERS
from .world import TEXT_CHANNEL, Json, World

SELECTS = (MENU, USERS, ROLES, MENTIONABLES, CHANNELS)
PARAGRAPH = 2
LABEL = 18


def select(world: World, part: Json, attributes: str) -> str:
    """Return a select; one that takes several values comes with a button that sends them.

    Args:
        world: whose members, roles and channels are offered.
        part: the component.
        attributes: of the element, as HTML.
    """
    chosen = {one["id"] for one in part.get("default_values", [])}
    several = part.get("max_values", 1) > 1
    options = [
        f'<option value="{escape(value)}"{" selected" if value in chosen or default else ""}>'
        f"{escape(name)}</option>"
        for value, name, default in _offered(world, part)
    ]
    hint = escape(str(part.get("placeholder") or "Choose"))
    if several:
        return (
            f'<label class="several">{hint} <select multiple {attributes}>{"".join(options)}</select></label>'
            '<button type="button" data-choose>Choose</button>'
        )
    if part.get("min_values", 1) == 0 or not part.get("required", True):
        options.insert(0, '<option value="">(none)</option>')
    if not any(" selected" in one for one in options):
        options.insert(0, f"<option selected disabled value>{hint}</option>")
    return f'<select aria-label="{hint}" title="{hint}" {attributes}>{"".join(options)}</select>'


def _offered(world: World, part: Json) -> list[tuple[str, str, bool]]:
    """Return value, name and whether it is chosen already, of each that can be chosen."""
    kind = part["type"]
    if kind == MENU:
        return [
            (
                str(one["value"]),
                " · ".join(filter(None, (str(one["label"]), str(one.get("description") or "")))),
                bool(one.get("default")),
            )
            for one in part["options"]
        ]
    found: list[tuple[str, str, bool]] = []
    if kind in (USERS, MENTIONABLES):
        found += [(one.id, f"@{one.name}", False) for one in world.users.values()]
    if kind in (ROLES, MENTIONABLES):
        found += [(one.id, f"@{one.name}", False) for one in world.roles.values()]
    if kind == CHANNELS:
        rooms = world.channels.values()
        found += [(one.id, f"#{one.name}", False) for one in rooms if one.kind == TEXT_CHANNEL]
    return found


def modal_field(world: World, outer: Json) -> str:
    """Return a row of a modal with its label, description and field; nothing for one without a field."""
    field: Json = outer.get("component") or next(iter(outer.get("components", [])), {})
    if "custom_id" not in field:
        return ""
    name = escape(str(outer.get("label") or field.get("label") or field["custom_id"]))
    told = f"<small>{escape(outer['description'])}</small>" if outer.get("description") else ""
    called = f'name="{escape(field["custom_id"])}"'
    needed = " required" if field.get("required", True) else ""
    if field["type"] in SELECTS:
        several = field.get("max_values", 1) > 1
        box = select(world, field | {"max_values": 1}, f"{called}{' multiple' if several else ''}{needed}")
        return f"<label>{name} {told}{box}</label>"
    bounds = f' maxlength="{field.get("max_length", 4000)}" minlength="{field.get("min_length", 0)}"'
    hint = escape(str(field.get("placeholder") or ""))
    value = escape(str(field.get("value") or ""))
    if field.get("style") == PARAGRAPH:
        box = f'<textarea {called} placeholder="{hint}" rows="4"{bounds}{needed}>\n{value}</textarea>'
    else:
        box = f'<input {called} placeholder="{hint}" value="{value}"{bounds}{needed}>'
    return f"<label>{name} {told}{box}</label>"
