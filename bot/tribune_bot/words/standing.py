"""How a model stands, in a word and a dot, the same in every answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tribune.chain.enums import State
from tribune.language import _
from tribune_bot.words.text import dated

if TYPE_CHECKING:
    from tribune.chain.kill_switch import ModelStatus

DOTS = {
    State.ACTIVE: "🟢",
    State.SUSPENDED: "🟠",
    State.PAUSED: "🔴",
    State.INACTIVE: "⚪",
    State.RETIRED: "⚫",
}


def state_word(state: State) -> str:
    """Return a state as people read it: "PAUSED"."""
    return {
        State.ACTIVE: _("ACTIVE"),
        State.SUSPENDED: _("SUSPENDED"),
        State.PAUSED: _("PAUSED"),
        State.INACTIVE: _("INACTIVE"),
        State.RETIRED: _("RETIRED"),
    }[state]


def halt_line(status: ModelStatus) -> str:
    """Return that all models are halted, and until when."""
    if status.halted_until is None:
        return _("⛔ **All models are halted**, without a known end")
    return _("⛔ **All models are halted** until {when}").format(when=dated(status.halted_until))
