"""Settings of every process: environment variables `TRIBUNE_…`, over an optional `tribune.toml`.

Reads nothing at import; `load_settings()` reads once, at start. A secret is never a setting: settings
name the file or environment variable that holds it, so that neither `tribune.toml`, an argument list
nor a printed settings object can carry a key or token. Nested names are joined by two underscores:
`TRIBUNE_CHAIN__HTTP_URL`, `TRIBUNE_KEYS__MONITOR__KEYSTORE`.
"""

from tribune.settings.gating import GateSettings, HookSettings
from tribune.settings.loading import DEFAULT_FILE, PREFIX, Settings, load_settings
from tribune.settings.pages import WebhookSettings, WebSettings
from tribune.settings.recording import RecordingSettings
from tribune.settings.sections import (
    ChainSettings,
    DiscordSettings,
    KeySource,
    NamedMonitor,
    RelaySettings,
    TelemetrySettings,
)

__all__ = [
    "DEFAULT_FILE",
    "PREFIX",
    "ChainSettings",
    "DiscordSettings",
    "GateSettings",
    "HookSettings",
    "KeySource",
    "NamedMonitor",
    "RecordingSettings",
    "RelaySettings",
    "Settings",
    "TelemetrySettings",
    "WebSettings",
    "WebhookSettings",
    "load_settings",
]
