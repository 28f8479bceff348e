"""Texts for Discord: what others chose (names, reasons, conclusions) made harmless, numbers made readable.

A given text never pings anybody, never formats, never becomes a link, never runs on.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime

from tribune.language import _, number

LONGEST = 2000
"""Characters of a bot's message."""

_FORMATTING = re.compile(r"([\\*_~|`>#\[\]<])")
_LINK = re.compile(r"(?i)([a-z])(://)")
_INVITE = re.compile(r"(?i)\b(discord(?:app)?)(\.)(gg|com|media)\b")
_ZERO_WIDTH = "\u200b"


def harmless(text: str, longest: int = 400, *, lines: int = 1) -> str:
    """Return a given text as plain words.

    Args:
        text: what somebody chose.
        longest: characters kept.
        lines: lines kept; what follows is put on the last one.
    """
    kept = [" ".join(_printable(line).split()) for line in text.splitlines()]
    kept = [line for line in kept if line]
    joined = "\n".join([*kept[: lines - 1], " ".join(kept[lines - 1 :])]).strip()
    if len(joined) > longest:
        joined = joined[: longest - 1].rstrip() + "…"
    escaped = _FORMATTING.sub(r"\\\1", joined)
    escaped = _LINK.sub(rf"\1{_ZERO_WIDTH}\2", escaped)
    escaped = _INVITE.sub(rf"\1{_ZERO_WIDTH}\2\3", escaped)
    return escaped.replace("@", f"@{_ZERO_WIDTH}")


def _printable(line: str) -> str:
    """Drop control and format characters: the latter turn the reading direction or hide text."""
    return "".join(c if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co") else " " for c in line)


def percent(share: float) -> str:
    """Show percent as people read it: "31 %", "4.1 %", "less than 0.1 %"."""
    if 0 < share < 0.1:
        return _("less than {share} %").format(share=number(0.1, 1))
    digits = 0 if share >= 10 or f"{share:.1f}".endswith(".0") else 1
    return f"{number(share, digits)} %"


def moment(time: datetime, style: str = "R") -> str:
    """Show a time in each reader's own zone; `R` counts down, `t` is the clock, `f` date and clock."""
    return f"<t:{int(time.timestamp())}:{style}>"


def dated(time: datetime) -> str:
    """Show date and clock, and how far away that is: to be read before it and, in what stays, after it."""
    return f"{moment(time, 'f')} ({moment(time)})"


def end_of_voting(deadline: datetime) -> str:
    """Return when voting ends, or ended: Discord counts on below a text that nobody writes anew."""
    return _("End of voting: {when}").format(when=moment(deadline))


def fitted(parts: list[str]) -> str:
    """Join lines; where they do not fit into a message, the last ones are left out, and "…" says so."""
    if len(whole := "\n".join(parts)) <= LONGEST:
        return whole
    text = ""
    for part in parts:
        longer = f"{text}\n{part}" if text else part
        if len(longer) + len("\n…") > LONGEST:
            break
        text = longer
    return f"{text}\n…" if text else whole[: LONGEST - 1] + "…"


def wallet_name(wallet: str, owner: int | None = None) -> str:
    """Show a wallet shortly; with its owner where that one made the link public (nobody is notified)."""
    short = f"`{wallet[:6]}…{wallet[-4:]}`"
    return short if owner is None else f"<@{owner}> ({short})"
