"""Checks of this machine: the settings file, what it runs, stores, the engine."""

from __future__ import annotations

import asyncio
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from tribune.exceptions import EvidenceError, StoreError, TribuneError
from tribune.operations.finding import Finding, Patient, not_ok, ok, warning
from tribune.operations.stores import sqlite_file, stores_of

if TYPE_CHECKING:
    from tribune.settings import Settings

STORE_S = 20.0


async def settings_file(patient: Patient) -> list[Finding]:
    """Look whether nobody else may change the settings."""
    file = patient.file
    if file is None:
        return [ok("from TRIBUNE_… variables; there is no tribune.toml here")]
    if file.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return [not_ok(f"Others may write {file}.", f"`chmod go-w {file}`")]
    return [ok(str(file))]


async def parts(patient: Patient) -> list[Finding]:
    """Look whether there is something to run, and each part has what it needs beside it."""
    if not patient.parts:
        return [not_ok("The settings name nothing to run.", "See docs/operating.md, One machine, one file.")]
    found = [ok("`tribune up` runs " + ", ".join(part.name for part in patient.parts))]
    settings = patient.settings
    if patient.runs("bot"):
        if settings.discord.guild_id is None or settings.discord.channel_id is None:
            found.append(
                not_ok("The bot does not know where to speak.", "Set discord.guild_id and channel_id.")
            )
        if "relayer" not in settings.keys:
            found.append(not_ok("The bot has no key to pay with.", "Name one in keys.relayer."))
    elif patient.runs("web"):
        found.append(
            warning(
                "Pages run without a bot: what people sign on them is kept and not sent.",
                "Run the bot on the same store, here or on another machine.",
            )
        )
    if settings.seal and "logger" not in settings.keys:
        found.append(not_ok("Logs cannot be anchored without a key.", "Name one in keys.logger."))
    return found


async def store(patient: Patient) -> list[Finding]:
    """Look whether each store opens, can be written, and is of this release."""
    stores = stores_of(patient.settings)
    return list(await asyncio.gather(*(asyncio.to_thread(_store, *one) for one in stores.items())))


def _store(name: str, url: str) -> Finding:
    from tribune.waiting import OverdueError, within

    try:
        return within(STORE_S, lambda: _open(name, url))
    except OverdueError:
        return not_ok(f"{name}: no answer within {STORE_S:g} s.", "Is its server up, its disk well?")
    except StoreError as fault:
        return not_ok(f"{name}: {fault.message}", fault.mend)


def _open(name: str, url: str) -> Finding:
    from tribune.store.session import Store
    from tribune.store.upgrade import HEAD, revision

    file = sqlite_file(url)
    if file is not None and not file.exists():
        if os.access(file.absolute().parent, os.W_OK):
            return ok(f"{name}: {file} is made at the first start")
        return not_ok(f"{name}: {file} cannot be made: no such folder, or read-only.", "Make the folder.")
    with Store(url) as opened, opened.session() as session:  # the right to write, taken and given back
        found = revision(session.connection())
        session.rollback()
    shown = f"{name}: {file or 'the database'}"
    if found is None:
        return ok(f"{shown}; its tables are made at the first start")
    if found > HEAD:
        return not_ok(
            f"{shown} is of a newer release.",
            "Install that release, or restore a backup of this one into an empty store.",
        )
    if found < HEAD:
        return warning(f"{shown} is brought to this release at the next start.", "Make a backup first.")
    return ok(shown if file else f"{shown} answers")


async def evidence(patient: Patient) -> list[Finding]:
    """Look whether our evidence stores can be written and read back, and the others' read."""
    every = [patient.settings, *patient.monitors.values()]
    writes = bool(patient.monitors)
    ours = dict.fromkeys(url for settings in every for url in settings.evidence_urls) if writes else {}
    read = dict.fromkeys(url for settings in every for url in settings.evidence_stores if url not in ours)
    numbered = [*((url, True) for url in ours), *((url, False) for url in read)]
    made = (asyncio.to_thread(_evidence, url, mine) for url, mine in numbered)
    return list(await asyncio.gather(*made)) or [not_ok("There is no evidence store.", "Set evidence_urls.")]


def _evidence(url: str, ours: bool) -> Finding:
    from tribune.log import Redactor
    from tribune.reports.canonical import canonical_bytes, cid, digest
    from tribune.reports.evidence_store import get_named, write_evidence

    document = {"schema": "tribune/writable/1"}
    name = Redactor().text(url)
    try:
        if ours:
            write_evidence(url, document, timeout_s=STORE_S)
            return ok(f"{name}: written and read back")
        if "://" not in url and not Path(url).is_dir():
            return warning(f"{name}, which is only read, is not there.", "Check evidence_read_urls.")
        get_named(url, cid(digest(canonical_bytes(document))), limit=2**16, timeout_s=STORE_S)
        return ok(f"{name}: can be read")
    except EvidenceError as fault:
        mend = f"{fault.mend} Set in {'evidence_urls' if ours else 'evidence_read_urls'}."
        said = f"{name}: {fault.message}"
        return not_ok(said, mend) if ours else warning(said, mend)


async def engine(patient: Patient) -> list[Finding]:
    """Look whether each monitor's engine counts as it must on this machine."""
    kinds = {(own.monitor.engine, own.monitor.spark_master): own for own in patient.monitors.values()}
    return list(await asyncio.gather(*(asyncio.to_thread(_engine, own) for own in kinds.values())))


def _engine(settings: Settings) -> Finding:
    from tribune_monitors.engines import open_engine
    from tribune_monitors.engines.conformance import assert_conformant

    counting = settings.monitor
    try:
        made = open_engine(counting.engine, counting.threads, master=counting.spark_master)
        assert_conformant(made)
    except TribuneError as fault:
        return not_ok(fault.message, fault.mend or "Install the release's own versions of its libraries.")
    except ImportError as fault:
        return not_ok(f"{fault.name} is not installed.", "pip install 'tribune-dao[monitors]'")
    return ok(f"{counting.engine} counts as it must")
