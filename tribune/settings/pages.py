"""Settings of the pages, and of whom they tell of incidents.

Refuses a webhook that nobody signs: whoever knew its address could say that a model was stopped.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from tribune.settings.sections import Section, http_address

Incident = Literal[
    "case.opened",
    "vote.opened",
    "case.decided",
    "model.suspended",
    "model.paused",
    "model.resumed",
    "model.retired",
    "halt.started",
    "halt.ended",
]
"""What can be told."""
_NAME = re.compile(r"[a-z][a-z0-9]{0,31}")


class WebhookSettings(Section):
    """An address that is told of incidents, once the block that has them is final."""

    url: str = Field(repr=False, min_length=1)
    """Address to which they are posted, signed as Standard Webhooks has it; no redirect is followed."""
    secret_file: Path
    """File whose first line is the secret of that signature (`whsec_` and base64)."""
    kinds: list[Incident] = Field(default_factory=list)
    """What it is told of, such as `case.opened` or `model.suspended`; empty: all there is."""
    attempts: int = Field(default=50, ge=1, le=1000)
    """How often each is tried, with growing pauses (1 s to 5 minutes) and jitter; later ones wait for it."""
    timeout_s: float = Field(default=15.0, gt=0)
    """Longest time that one try may take."""

    @field_validator("url")
    @classmethod
    def _http(cls, value: str) -> str:
        return http_address(value)


class WebSettings(Section):
    """Where the pages listen and under which address people reach them."""

    host: str = "127.0.0.1"
    """Address of this machine on which the pages listen; 0.0.0.0 for all of them."""
    port: int = Field(default=8000, ge=0, le=65535)
    """Port on which they listen; 0 takes a free one."""
    public_url: str = "http://127.0.0.1:8000"
    """Address that people see in Discord and that wallets sign for."""
    chain_name: str = Field(default="", max_length=60)
    """What people call the chain; empty: "chain" and its id."""
    coin: str = Field(default="ETH", min_length=2, max_length=6)
    """Symbol of the chain's coin, beside fees and for wallets that do not know the chain."""
    wallet_rpc_url: str | None = None
    """JSON-RPC address that anyone may use, told to wallets that do not know the chain; None: they are told
    to add it themselves."""
    explorer_url: str | None = None
    """Site that shows the chain's transactions (at /tx/…); None: pages show the hash alone."""
    posts_per_minute: int = Field(default=60, ge=1)
    """Ballots, links and signatures that one address may send."""
    reads_per_minute: int = Field(default=900, ge=1)
    """Answers read from the chain that one address may ask for; an open ballot page asks up to 72 times."""

    webhooks: dict[str, WebhookSettings] = Field(default_factory=dict)
    """Who is told of incidents, by a name of your own."""

    @field_validator("webhooks")
    @classmethod
    def _named(cls, value: dict[str, WebhookSettings]) -> dict[str, WebhookSettings]:
        for name in value:
            if not _NAME.fullmatch(name):
                raise ValueError(f"{name[:40]!r} cannot be a webhook's name: take a-z and 0-9")
        return value

    @field_validator("wallet_rpc_url", "explorer_url")
    @classmethod
    def _public(cls, value: str | None) -> str | None:
        return http_address(value or "") or None
