"""A policy's file as a policy to be proposed: its terms and rules, and the monitors that are to judge by it.

The panel is a list of addresses, `panel` in `[frames]`, or given beside the file. It refuses what the
contract would, in words that name the mend.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from tribune.chain.policy_book import PolicyInput
from tribune.chain.types import ZERO_ADDRESS, checksum
from tribune.exceptions import PolicyError
from tribune.ids import Address
from tribune.language import _, number
from tribune.metrics.policies.policy import Policy
from tribune.metrics.policies.terms import FrameTerms
from tribune.untrusted import load_json

MOST_BYTES = 65_536
"""The longest file that is read: a policy of 100 rules has some 20 kB."""
MOST_MONITORS = 96


def parse_policy(text: str) -> Mapping[str, Any]:
    """Return the table of a policy's file, TOML or the same as JSON, numbers with a point as `Decimal`.

    Raises:
        PolicyError: it is neither, or too long.
    """
    if len(text.encode("utf-8", "replace")) > MOST_BYTES:
        raise PolicyError(
            _("The policy is too long."), mend=_("At most {n} bytes are read.").format(n=number(MOST_BYTES))
        )
    try:
        if text.lstrip().startswith("{"):
            table = load_json(text.encode(), number=Decimal)
        else:
            table = tomllib.loads(text, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError) as fault:
        raise PolicyError(
            _("The policy is not valid TOML or JSON: {fault}.").format(fault=fault),
            mend=_("`tribune policy init` writes a whole one."),
        ) from None
    if not isinstance(table, Mapping):
        raise PolicyError(_("The policy is no table."), mend=_("`tribune policy init` writes a whole one."))
    return table


def read_policy(table: Mapping[str, Any], panel: tuple[Address, ...] = (), where: str = "") -> PolicyInput:
    """Read a policy; `panel` replaces the file's where it is given, `where` names it in errors.

    Raises:
        PolicyError: its terms or rules cannot be judged, or its panel cannot decide or names no address.
    """
    where = where or _("The policy")
    terms = FrameTerms.of_table(table, where)
    named = table.get("frames", {}).get("panel", [])
    if not isinstance(named, list):
        raise PolicyError(
            _("{where}: panel is no list.").format(where=where),
            mend=_("Write the monitors' addresses in a list."),
        )
    who = panel or tuple(_address(one, where) for one in named)
    _check(terms.k, who)
    return PolicyInput(panel=who, rules=Policy.of_table(table).rules, **asdict(terms))


def account_of(text: object) -> Address | None:
    """Return an account's address, None where it is none, zero, or was mistyped (its checksum, EIP-55)."""
    from eth_utils.address import is_checksum_address, is_hex_address

    if not isinstance(text, str) or not text.startswith("0x") or not is_hex_address(text):
        return None
    mixed = text[2:] not in (text[2:].lower(), text[2:].upper())
    if (mixed and not is_checksum_address(text)) or checksum(text) == ZERO_ADDRESS:
        return None
    return checksum(text)


def _address(text: object, where: str) -> Address:
    found = account_of(text)
    if found is None:
        raise PolicyError(
            _("{where}: the panel names {text}, which is no address, or a mistyped one.").format(
                where=where, text=repr(text)
            ),
            mend=_("Write 0x and 40 hex digits; copy it anew."),
        )
    return found


def _check(k: int, panel: tuple[Address, ...]) -> None:
    size = len(panel)
    if not 1 <= size <= MOST_MONITORS or len(set(panel)) != size:
        raise PolicyError(
            _("The panel names {size} monitors, {n} different ones.").format(size=size, n=len(set(panel))),
            mend=_("Name 1 to {most}, each once: panel = [..] in [frames], or beside the file.").format(
                most=MOST_MONITORS
            ),
        )
    if 2 * k <= size:
        raise PolicyError(
            _(
                "k = {k} of {size} monitors is no majority: two groups could each agree on another result."
            ).format(k=k, size=size),
            mend=_("Set k to at least {k}, or name fewer monitors.").format(k=size // 2 + 1),
        )
    if k > size:
        raise PolicyError(
            _("k = {k}, but the panel has {size} monitors: nothing would ever be decided.").format(
                k=k, size=size
            ),
            mend=_("Set k to at most {k}, or name more monitors.").format(k=size),
        )
