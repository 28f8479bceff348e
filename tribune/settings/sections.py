"""The groups of settings, each frozen; what a field is for stands below it and in `tribune settings example`.

Refuses misspelt names, values out of bounds and what looks like a private key.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_HEX_KEY = re.compile(r"^(0x)?[0-9a-fA-F]{64}$")


class Section(BaseModel):
    """A group of settings: frozen, and a misspelt name is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ChainSettings(Section):
    """Where the chain is and which one it must be."""

    http_url: str = Field(default="http://127.0.0.1:8545", repr=False)
    """JSON-RPC address (http or https)."""
    fallback_urls: list[str] = Field(default_factory=list, repr=False)
    """Further JSON-RPC addresses, asked in this order while those before them fail."""
    ws_url: str | None = Field(default=None, repr=False)
    """Websocket address of the first; without one, or while it is down, heads and logs are polled."""
    chain_id: int = 31337
    """The only chain id that is accepted as an answer."""
    timeout_s: float = Field(default=10.0, gt=0)
    """Longest wait for one answer of one node."""
    poll_s: float = Field(default=1.0, gt=0)
    """Pause between two polls where no websocket is used."""
    receipt_timeout_s: float = Field(default=120.0, gt=0)
    """Longest wait for a transaction's receipt."""
    bump_after_s: float = Field(default=30.0, gt=0)
    """How long a transaction may be in no block before it is sent again with higher fees."""
    max_fee_gwei: float = Field(default=500.0, gt=0)
    """Most that is ever offered for a unit of gas, in billionths of the chain's coin."""
    max_tip_gwei: float = Field(default=50.0, gt=0)
    """Of that, most for who makes the block, whatever the node says is usual."""
    finality_blocks: int = Field(default=12, ge=0)
    """Depth from which a block is taken as final; 0 on a chain that never reorganises."""

    @field_validator("http_url")
    @classmethod
    def _http(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        return with_host(value)

    @field_validator("fallback_urls")
    @classmethod
    def _fallbacks(cls, value: list[str]) -> list[str]:
        return [cls._http(url) for url in value]

    @field_validator("ws_url")
    @classmethod
    def _ws(cls, value: str | None) -> str | None:
        if value and not value.startswith(("ws://", "wss://")):
            raise ValueError("must begin with ws:// or wss://")
        return with_host(value) if value else None


class KeySource(Section):
    """Where one role's key is: a keystore file, a named environment variable, or behind a signer."""

    keystore: Path | None = None
    """Encrypted JSON keystore (Web3 Secret Storage)."""
    secret_file: Path | None = None
    """File whose first line is the keystore's password; without one, the terminal is asked."""
    env: str | None = None
    """Name of the environment variable that holds the private key (for containers)."""
    signer: str | None = Field(default=None, pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")
    """`package.module:factory` of a signer that holds the key (KMS, hardware)."""
    options: dict[str, str] = Field(default_factory=dict)
    """What the factory is called with, by name; never a secret."""

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if sum(place is not None for place in (self.keystore, self.env, self.signer)) > 1:
            raise ValueError("name one of keystore, env and signer, not several")
        if self.secret_file is not None and self.keystore is None:
            raise ValueError("secret_file is of use with keystore only")
        if self.options and self.signer is None:
            raise ValueError("options are of use with signer only")
        if any(_HEX_KEY.match(value) for value in self.options.values()):
            raise ValueError("an option looks like a private key, which must not be in the settings")
        return self


class DiscordSettings(Section):
    """The guild and channel that the bot speaks in, and how it reaches Discord."""

    guild_id: int | None = None
    """The Discord server (guild) that the bot serves."""
    channel_id: int | None = None
    """The channel that it writes in."""
    token_env: str = "DISCORD_TOKEN"  # noqa: S105 - the name of a variable, not a token
    """Name of the environment variable that holds the bot token."""
    token_file: Path | None = None
    """File whose first line is the bot token; wins over `token_env`."""
    connect_host: str | None = None
    """Connect to this host in place of Discord's (the loopback stand-in of tests and demo)."""
    connect_port: int | None = None
    """Port of `connect_host`."""
    ca_file: Path | None = None
    """Certificate authority to trust for `connect_host`."""


class RelaySettings(Section):
    """How much the relayer pays for others in 24 hours; beyond it they send their transaction themselves."""

    per_wallet_per_day: int = Field(default=20, ge=0)
    """Ballots, delegations and signatures under calls that are taken of one wallet."""
    per_day: int = Field(default=5_000, ge=0)
    """Ballots and delegations of all wallets together, and the calls that are opened with their signatures; a
    ballot costs about 75,000 gas. Half of it is for anybody, the other for ballots by share of all votes:
    with 5,000, a wallet with 1 in 2,500 of the votes is paid for one ballot a day however many others ask."""


class ReplaySettings(Section):
    """How a monitor runs logged decisions again, for policies that ask whether the model gave them."""

    commands: dict[int, Annotated[list[str], Field(min_length=1)]] = Field(default_factory=dict)
    """By model id, the command that runs decisions again: it is given the artifact's path last, reads JSON
    lines and writes JSON lines (docs/metrics.md)."""
    artifacts: Path = Path("artifacts")
    """Folder in which registered artifacts lie, under any name: they are known by their digest."""
    timeout_s: float = Field(default=120.0, gt=0)
    """Longest time for the sample of one frame."""
    memory_mb: int = Field(default=4096, ge=64)
    """Memory that the command's process may ask for, in MiB."""


class MonitorSettings(Section):
    """What a monitor watches, and how it counts."""

    models: list[int] = Field(default_factory=list)
    """Model ids; empty watches every model whose policy names this monitor."""
    threads: int = Field(default=1, ge=1)
    """Threads of the engine; the result does not depend on it."""
    engine: Literal["duckdb", "spark"] = "duckdb"
    """What counts; the result does not depend on it. Spark needs `tribune-dao[spark]` and Java."""
    spark_master: str = Field(default="", repr=False)
    """Address of a Spark cluster (`spark://host:7077`, `yarn`); empty: Spark in this process."""
    patience: float = Field(default=0.5, ge=0, lt=1)
    """Share of the time from a frame's end to its deadline in which a monitor waits for others' signatures,
    to send them in one transaction; after it each sends its own. 0 where no other's store is read."""
    stagger_s: float = Field(default=15.0, gt=0)
    """How long each of several monitors who could act waits for the one before it; longer than a block."""
    replay: ReplaySettings = ReplaySettings()


class NamedMonitor(Section):
    """What one of several monitors has of its own; what is left out is as in the rest of the file."""

    key: KeySource | None = None
    """Where its key is, as in a table `keys.monitor`."""
    store_url: str | None = Field(default=None, repr=False)
    """Its database."""
    evidence_urls: list[str] | None = Field(default=None, repr=False)
    """Its evidence stores; the other monitors of this file read them too."""
    evidence_read_urls: list[str] | None = Field(default=None, repr=False)
    """Further stores that it reads."""
    tally_folder: Path | None = None
    """Where it keeps what it counted."""
    models: list[int] | None = None
    """Model ids that it watches."""
    threads: int | None = Field(default=None, ge=1)
    """Threads of its engine."""
    engine: Literal["duckdb", "spark"] | None = None
    """What counts for it."""
    spark_master: str | None = Field(default=None, repr=False)
    """Address of its Spark cluster."""

    def given(self, names: Iterable[str]) -> dict[str, Any]:
        """Return those of these settings that this monitor has of its own."""
        return {name: value for name in names if (value := getattr(self, name)) is not None}


class TelemetrySettings(Section):
    """Where a process shows how it is, and from when on an alarm is raised."""

    host: str = "127.0.0.1"
    """Address of this machine on which `/metrics` and `/health` are served; keep them off the internet."""
    port: int = Field(default=0, ge=0, le=65535)
    """Port on which they are served; 0: none. Parts that `tribune up` runs take this and those after it."""
    every_s: float = Field(default=15.0, gt=0)
    """Pause between two looks at nodes, balance, store and reports."""
    low_balance: float = Field(default=0.05, ge=0)
    """Coin of a key below which an alarm is raised."""
    least_agreement: float = Field(default=0.9, ge=0, le=1)
    """Share of frames in which the quorum has our result below which an alarm is raised."""
    most_skew_s: float = Field(default=30.0, gt=0)
    """Seconds by which the local clock may be wrong before an alarm is raised."""


class LogSettings(Section):
    """How this process logs."""

    json_lines: bool = True
    """One JSON object a line; false writes plain text."""
    level: str = "INFO"
    """Least severe level that is logged."""

    @field_validator("level")
    @classmethod
    def _known(cls, value: str) -> str:
        if value.upper() not in LEVELS:
            raise ValueError(f"must be one of {', '.join(LEVELS)}")
        return value.upper()


def with_host(url: str) -> str:
    """Return an address that names a host and a port that can be; ValueError for any other, without it."""
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:  # its message holds the port, which may be the end of a misspelt credential
        usable = False
    if not usable:
        raise ValueError("must name a host, and a port from 1 to 65535 if any")
    return url


def http_address(value: str) -> str:
    """Return an address that begins with http:// or https:// and names a host, or nothing."""
    if value and not value.startswith(("http://", "https://")):
        raise ValueError("must begin with http:// or https://")
    return with_host(value) if value else ""
