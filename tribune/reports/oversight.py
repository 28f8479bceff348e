"""How well a model is watched, in plain words: for Discord, pages and the command line."""

from __future__ import annotations

_HEALTHY = "no report on it is overdue, and its monitors do not contradict each other"
_IDLE = "it is out of service, so nobody measures it"
_WORDS = {
    "Breached": "it broke a rule that you voted; its case says more",
    "Stale": "nobody has measured it in time, so nobody knows how it does",
    "Disputed": "its monitors contradict each other, so nobody knows how it does",
}

ALONE = "one monitor, not independent"


def independence(panel: int) -> str:
    """Return what must stand beside the reports of a panel of one monitor; nothing for a larger one."""
    return ALONE if panel == 1 else ""


def watched(oversight: str, *, in_service: bool) -> str:
    """Return the kill switch's oversight state as a clause: `Stale` → "nobody has measured it in time, …".

    Args:
        oversight: Healthy, Breached, Stale or Disputed.
        in_service: whether the model may run; the chain says Healthy of one that may not.
    """
    return _WORDS.get(oversight) or (_HEALTHY if in_service else _IDLE)
