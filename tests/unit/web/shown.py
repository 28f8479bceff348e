"""What pages of the documentation let people ask of a DAO's pages, taken apart so that tests can ask it."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from support import pages
from support.anvil import ROOT


@dataclass(frozen=True)
class Shown:
    """A `curl` command: path and query of what it asks, and the body that it sends, if it sends one."""

    path: str
    query: dict[str, str]
    body: dict[str, Any] | None


def shown(page: str) -> list[Shown]:
    """Return the commands of a page below docs/, in order."""
    found = []
    for block in pages.blocks(ROOT / "docs" / page):
        for command in block.commands if block.language == "console" else ():
            typed = shlex.split(command.typed.replace("\\\n", " "))
            if typed[0] == "curl":
                address = urlsplit(next(word for word in typed if word.startswith("https://dao.example/")))
                body = json.loads(typed[typed.index("-d") + 1]) if "-d" in typed else None
                found.append(Shown(address.path, dict(parse_qsl(address.query)), body))
    return found
