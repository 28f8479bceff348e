"""Settings of a process as a whole, and how they are read: arguments, then environment, then the file.

Refuses unknown names, monitors that share what each must have of its own, and a file that is not there.
"""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from tribune.environment import check_environment
from tribune.exceptions import ConfigurationError
from tribune.settings.gating import GateSettings
from tribune.settings.pages import WebSettings
from tribune.settings.sections import (
    ChainSettings,
    DiscordSettings,
    KeySource,
    LogSettings,
    MonitorSettings,
    NamedMonitor,
    RelaySettings,
    Section,
    TelemetrySettings,
)

PREFIX = "TRIBUNE_"
DEFAULT_FILE = Path("tribune.toml")
Version = Annotated[str, Field(pattern=r"^[1-9]\d{0,9}/[1-9]\d{0,9}$")]
_NAME = re.compile(r"[a-z][a-z0-9]{0,31}")


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
    relay: RelaySettings = RelaySettings()
    monitor: MonitorSettings = MonitorSettings()
    gate: GateSettings = GateSettings()
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
    log_keep_days: int | None = Field(default=None, ge=1, le=36_500)
    """Days that who seals a log keeps what was asked and answered, from the end of its frame on; then it is
    erased, and its proofs stay. Not before the frame is anchored, nor while a report or an open case may need
    it. Not set: for ever."""
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
        found += [self.gate.sidecar, self.gate.hooks.webhook]
        found += [one.url for one in self.web.webhooks.values()]
        return [url for url in found if url]

    @property
    def secret_variables(self) -> frozenset[str]:
        """Names of the environment variables that hold the secrets of any part."""
        sources = [*self.keys.values(), *(one.key for one in self.monitors.values() if one.key is not None)]
        named = {source.env for source in sources if source.env is not None}
        return frozenset({self.discord.token_env, *named})

    @property
    def each(self) -> tuple[Settings, ...]:
        """These settings, and what each named monitor goes by."""
        return (self, *map(self.of_monitor, self.monitors))

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

    @field_validator("log_keep_days", mode="before")
    @classmethod
    def _days(cls, value: object) -> object:
        if isinstance(value, bool):  # else true would be one day, and what is erased does not come back
            raise ValueError("must be a number of days")
        return value

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
        parts = section.model_fields if isinstance(section, type) and issubclass(section, Section) else ()
        names += [f"{name}__{part}".upper() for part in parts] or [name.upper()]
    return names
