"""Settings of every process: environment variables `TRIBUNE_…`, over an optional `tribune.toml`.

Reads nothing at import; `load_settings()` reads once, at start. A secret is never a setting: settings
name the file or environment variable that holds it, so that neither `tribune.toml`, an argument list
nor a printed settings object can carry a key or token. Nested names are joined by two underscores:
`TRIBUNE_CHAIN__HTTP_URL`, `TRIBUNE_KEYS__MONITOR__KEYSTORE`.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from tribune.exceptions import ConfigurationError
from tribune.misspelt import check_environment

PREFIX = "TRIBUNE_"
DEFAULT_FILE = Path("tribune.toml")
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
Version = Annotated[str, Field(pattern=r"^[1-9]\d{0,9}/[1-9]\d{0,9}$")]
_NAME = re.compile(r"[a-z][a-z0-9]{0,31}")
_HEX_KEY = re.compile(r"^(0x)?[0-9a-fA-F]{64}$")


class _Section(BaseModel):
    """A group of settings: frozen, and a misspelt name is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ChainSettings(_Section):
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
    finality_blocks: int = Field(default=12, ge=0)
    """Depth from which a block is taken as final; 0 on a chain that never reorganises."""

    @field_validator("http_url")
    @classmethod
    def _http(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        return _with_host(value)

    @field_validator("fallback_urls")
    @classmethod
    def _fallbacks(cls, value: list[str]) -> list[str]:
        return [cls._http(url) for url in value]

    @field_validator("ws_url")
    @classmethod
    def _ws(cls, value: str | None) -> str | None:
        if value and not value.startswith(("ws://", "wss://")):
            raise ValueError("must begin with ws:// or wss://")
        return _with_host(value) if value else None


class KeySource(_Section):
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


class DiscordSettings(_Section):
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


class WebSettings(_Section):
    """Where the pages listen and under which address people reach them."""

    host: str = "127.0.0.1"
    """Address of this machine on which the pages listen; 0.0.0.0 for all of them."""
    port: int = Field(default=8000, ge=0, le=65535)
    """Port on which they listen; 0 takes a free one."""
    public_url: str = "http://127.0.0.1:8000"
    """Address that people see in Discord and that wallets sign for."""


class MonitorSettings(_Section):
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


class NamedMonitor(_Section):
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


class TelemetrySettings(_Section):
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


class LogSettings(_Section):
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


class Settings(BaseSettings):
    """All settings of a process, read once at start and then frozen."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        frozen=True,
        extra="forbid",
        nested_model_default_partial_update=True,
    )

    chain: ChainSettings = ChainSettings()
    discord: DiscordSettings = DiscordSettings()
    web: WebSettings = WebSettings()
    monitor: MonitorSettings = MonitorSettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    logging: LogSettings = LogSettings()
    keys: dict[str, KeySource] = Field(default_factory=dict)
    """Key of each role that this process plays: `monitor`, `steward`, `relayer`, `logger`, …"""
    monitors: dict[str, NamedMonitor] = Field(default_factory=dict)
    """Several monitors on one machine, by name."""
    seal: list[Version] = Field(default_factory=list)
    """Versions whose logs `tribune up` seals, as `<model>/<version>`."""

    deployments: Path = Path("deployments")
    """Folder of `<chainId>.json` files."""
    store_url: str = Field(default="sqlite:///tribune.db", repr=False)
    """Database of this process (SQLite file or PostgreSQL)."""
    evidence_urls: list[str] = Field(default=["evidence"], repr=False)
    """Evidence stores (folders, `s3://bucket/folder`, other fsspec addresses); written to all, read from the
    first that has it."""
    evidence_read_urls: list[str] = Field(default_factory=list, repr=False)
    """Further stores that are only read, such as the stewards' (profiles) and the monitors'; also web
    addresses (`https://gateway.example/ipfs`)."""
    log_folder: Path = Path("log")
    """Folder of the sealed decision logs, `<model>/<version>/frames/…`."""
    tally_folder: Path = Path("tallies")
    """Where a monitor keeps what it counted, so that no partition is counted twice; may be emptied. Two
    monitors that shared one would no longer count independently."""
    frames_poll_s: float = Field(default=1.0, gt=0)
    """Pause between two looks for a newly sealed frame."""

    @property
    def evidence_stores(self) -> list[str]:
        """Every store in which evidence is looked for: ours, those that are only read, our monitors'."""
        of_monitors = (url for monitor in self.monitors.values() for url in monitor.evidence_urls or ())
        return list(dict.fromkeys((*self.evidence_urls, *self.evidence_read_urls, *of_monitors)))

    @property
    def addresses(self) -> list[str]:
        """Every address of a node, store or cluster: it may hold a credential, which no log may show."""
        found = [self.chain.http_url, *self.chain.fallback_urls, self.chain.ws_url, self.store_url]
        found += [self.monitor.spark_master, *self.evidence_stores]
        for one in self.monitors.values():
            found += [one.store_url, one.spark_master, *(one.evidence_read_urls or ())]
        return [url for url in found if url]

    @property
    def secret_variables(self) -> frozenset[str]:
        """Names of the environment variables that hold the secrets of any part."""
        sources = [*self.keys.values(), *(one.key for one in self.monitors.values() if one.key is not None)]
        named = {source.env for source in sources if source.env is not None}
        return frozenset({self.discord.token_env, *named})

    def of_monitor(self, name: str) -> Settings:
        """Return what one of the named monitors goes by; it reads the others' evidence stores too.

        Raises:
            ConfigurationError: there is no monitor of this name.
        """
        own = self.monitors.get(name)
        if own is None:
            known = ", ".join(self.monitors) or "none"
            raise ConfigurationError(
                f"The settings have no monitor {name!r}.",
                mend=f"Add a table monitors.{name}; known: {known}.",
            )
        changes: dict[str, Any] = own.given(
            ("store_url", "evidence_urls", "evidence_read_urls", "tally_folder")
        )
        changes["evidence_read_urls"] = self.model_copy(update=changes).evidence_stores
        changes["monitor"] = self.monitor.model_copy(
            update=own.given(("models", "threads", "engine", "spark_master"))
        )
        if own.key is not None:
            changes["keys"] = {**self.keys, "monitor": own.key}
        return self.model_copy(update={**changes, "monitors": {}})

    @model_validator(mode="after")
    def _monitors_share_nothing(self) -> Self:
        """Refuse monitors that share a store, tallies or a key: they would be one, or in each other's way."""
        for name in self.monitors:
            if not _NAME.fullmatch(name):
                raise ValueError(f"{name[:40]!r} cannot be a monitor's name: take a-z and 0-9")
        for a, b in itertools.combinations(self.monitors, 2):
            one, other = self.of_monitor(a), self.of_monitor(b)
            shared = [
                what
                for what, same in (
                    ("a store_url", one.store_url == other.store_url),
                    ("a tally_folder", one.tally_folder.absolute() == other.tally_folder.absolute()),
                    ("a key", one.keys.get("monitor") == other.keys.get("monitor")),
                )
                if same
            ]
            if shared:
                raise ValueError(
                    f"monitors.{a} and monitors.{b} share {' and '.join(shared)}: give each its own"
                )
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order of precedence: explicit arguments, environment, the file that `load_settings` names."""
        return (init_settings, env_settings, TomlConfigSettingsSource(settings_cls))


def load_settings(file: Path | None = None, **overrides: Any) -> Settings:
    """Read the settings: overrides, then environment, then the file.

    Args:
        file: a TOML file; None means `tribune.toml` where it exists.
        **overrides: settings given in code, winning over all else.

    Raises:
        ConfigurationError: the named file is missing or no TOML, a name is unknown or a value wrong.
    """
    if file is not None and not file.is_file():
        raise ConfigurationError(
            f"The settings file {file} does not exist.", mend="Create it, or leave --settings out."
        )
    chosen = file if file is not None else (DEFAULT_FILE if DEFAULT_FILE.is_file() else None)

    class _WithFile(Settings):
        model_config = SettingsConfigDict(toml_file=chosen)

    try:
        settings = _WithFile(**overrides)
    except ValidationError as fault:
        # Input values are left out: a pasted key must not come back in an error message.
        problems = "; ".join(
            ": ".join(filter(None, (".".join(str(part) for part in e["loc"]), e["msg"])))
            for e in fault.errors(include_input=False, include_url=False, include_context=False)
        )
        raise ConfigurationError(
            f"The settings cannot be used: {problems}.",
            mend=f"Mend them in {chosen or 'the TRIBUNE_… environment variables'}.",
        ) from None
    except ValueError as fault:  # TOML syntax, or JSON syntax in an environment variable
        raise ConfigurationError(
            f"The settings cannot be read: {type(fault).__name__}: {fault}.",
            mend="Mend the TOML file or the TRIBUNE_… variable named here.",
        ) from None
    check_environment(PREFIX, _variables(), Settings.model_fields, settings.secret_variables)
    return settings


def _variables() -> list[str]:
    """Return the variables of all settings without their prefix, but for keys: theirs hold a role."""
    names = []
    for name, field in Settings.model_fields.items():
        section = field.annotation
        parts = section.model_fields if isinstance(section, type) and issubclass(section, _Section) else ()
        names += [f"{name}__{part}".upper() for part in parts] or [name.upper()]
    return names


def _with_host(url: str) -> str:
    """Return an address that names a host and a port that can be; ValueError for any other, without it."""
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:  # its message holds the port, which may be the end of a misspelt credential
        usable = False
    if not usable:
        raise ValueError("must name a host, and a port from 1 to 65535 if any")
    return url
