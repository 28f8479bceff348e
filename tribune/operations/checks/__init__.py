"""What `tribune doctor` looks at: one small function each, independent of all others."""

from tribune.operations.checks.chain import clock, contracts, nodes
from tribune.operations.checks.machine import engine, evidence, parts, settings_file, store
from tribune.operations.checks.people import discord, pages, telemetry, webhooks
from tribune.operations.checks.replay import replay
from tribune.operations.checks.rights import balance, keys, log, roles

__all__ = [
    "balance",
    "clock",
    "contracts",
    "discord",
    "engine",
    "evidence",
    "keys",
    "log",
    "nodes",
    "pages",
    "parts",
    "replay",
    "roles",
    "settings_file",
    "store",
    "telemetry",
    "webhooks",
]
