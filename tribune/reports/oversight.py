"""How well a model is watched, in plain words: for Discord, pages and the command line."""

from __future__ import annotations

from tribune.language import _, marked

_HEALTHY = marked("no report on it is overdue, and its monitors do not contradict each other")
_IDLE = marked("it is out of service, so nobody measures it")
_WORDS = {
    "Breached": marked("it broke a rule that you voted; its case says more"),
    "Stale": marked("nobody has measured it in time, so nobody knows how it does"),
    "Disputed": marked("its monitors contradict each other, so nobody knows how it does"),
}

ALONE = marked("one monitor, not independent")


def independence(panel: int) -> str:
    """Return what must stand beside the reports of a panel of one monitor; nothing for a larger one."""
    return _(ALONE) if panel == 1 else ""


def watched(oversight: str, *, in_service: bool) -> str:
    """Return the kill switch's oversight state as a clause: `Stale` → "nobody has measured it in time, …".

    Args:
        oversight: Healthy, Breached, Stale or Disputed.
        in_service: whether the model may run; the chain says Healthy of one that may not.
    """
    return _(_WORDS.get(oversight) or (_HEALTHY if in_service else _IDLE))
