"""Checks of what our keys may do and pay for, and of the logs that they act on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tribune.chain.types import COIN
from tribune.exceptions import EvidenceError, TribuneError
from tribune.ids import Address, FrameIndex, ModelId, VersionNumber
from tribune.operations.finding import Finding, Patient, not_ok, ok, warning
from tribune.reports.oversight import independence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tribune.chain.facade import Tribune
    from tribune.chain.policy_book import PolicyRecord
    from tribune.settings import Settings

MONTH_S = 30 * 86_400
REPORT_GAS = 200_000
"""A report of one monitor alone with ten rules, and some room (see `make bench NAME=gas`)."""
ANCHOR_GAS = 60_000
BALLOTS, BALLOT_GAS = 1_000, 60_000
"""What a relayer is taken to send in a month."""
MOST_MODELS = 200
LATEST_FRAMES = 3
IN_FORCE = FrameIndex(0)


async def keys(patient: Patient) -> list[Finding]:
    """Look whether each key opens and signs."""

    async def look(name: str) -> Finding:
        try:
            return ok(f"{name}: {await patient.address(name)}")
        except TribuneError as fault:
            return not_ok(f"{name}: {fault.message}", fault.mend)

    return list(await asyncio.gather(*(look(name) for name in patient.keys)))


async def roles(patient: Patient) -> list[Finding]:
    """Look whether each monitor is admitted and in a panel, and the logger may anchor."""
    from tribune.chain.facade import Tribune

    async with await Tribune.connect(patient.settings) as tribune:
        records = await _policies(tribune)
        monitors = [await _monitor(tribune, patient, name, records) for name in patient.monitors]
        loggers = [await _logger(tribune, patient, version) for version in patient.settings.seal]
    return [*(one for findings in monitors for one in findings), *loggers]


async def _monitor(
    tribune: Tribune, patient: Patient, name: str, records: dict[ModelId, PolicyRecord]
) -> list[Finding]:
    address = await patient.address(name)
    watched = _watched(patient.monitors[name], records)
    mine = [model for model in watched if model in records and address in records[model].policy.panel]
    found = []
    if not await tribune.monitor_registry.is_admitted(address):
        found.append(
            not_ok(f"{name}: {address} is not admitted.", "Governance admits it: `ape run admit_monitor`.")
        )
    others = [str(model) for model in watched if model not in mine]
    if not mine:
        found.append(
            warning(f"{name}: {address} is in no panel.", "A policy that token holders set names its panel.")
        )
    elif patient.monitors[name].monitor.models and others:
        found.append(
            warning(
                f"{name} is to watch {', '.join(others)} and is not in the panel.", "Mend monitor.models."
            )
        )
    if mine:
        models = ", ".join(_shown(model, records[model]) for model in mine)
        found.append(ok(f"{name}: in the panel of {models}"))
    return found


def _shown(model: ModelId, record: PolicyRecord) -> str:
    alone = independence(len(record.policy.panel))
    return f"model {model} ({alone})" if alone else f"model {model}"


async def _logger(tribune: Tribune, patient: Patient, version: str) -> Finding:
    model = ModelId(int(version.partition("/")[0]))
    number = VersionNumber(int(version.partition("/")[2]))
    count = await tribune.model_registry.model_count()
    if model > count or number > await tribune.model_registry.version_count(model):
        return not_ok(f"seal: there is no version {version}.", "It is <model>/<version>, as registered.")
    address = await patient.address("logger")
    allowed = {await tribune.decision_log.logger_of(model), await tribune.model_registry.steward(model)}
    if address not in allowed:
        mend = f"The model's steward names it: DecisionLog.setLogger({model}, {address})."
        return not_ok(f"logger: {address} may not anchor for model {model}.", mend)
    return ok(f"logger: may anchor for model {model}")


async def balance(patient: Patient) -> list[Finding]:
    """Look whether each key that sends can pay for a month at today's fee."""
    from tribune.chain.facade import Tribune

    async with await Tribune.connect(patient.settings) as tribune:
        records = await _policies(tribune)
        fee, _ = await tribune.chain.fees()
        gas: dict[str, float] = {}
        for name, own in patient.monitors.items():
            watched = [records[model] for model in _watched(own, records) if model in records]
            gas[name] = REPORT_GAS * _frames(watched, await patient.address(name))
        if "logger" in patient.settings.keys:
            models = {ModelId(int(one.partition("/")[0])) for one in patient.settings.seal}
            gas["logger"] = ANCHOR_GAS * _frames([records[m] for m in models if m in records])
        if patient.runs("bot") and "relayer" in patient.settings.keys:
            gas["relayer"] = BALLOTS * BALLOT_GAS
        found = []
        for name, month in gas.items():
            address = await patient.address(name)
            found.append(_lasts(name, address, await tribune.chain.balance(address), month * fee))
    return found


def _lasts(name: str, address: Address, held: int, month: float) -> Finding:
    coins = f"{name}: {address} holds {held / COIN:.4f}"
    if not held:
        return not_ok(f"{coins}, so it can send nothing.", f"Send some of the chain's coin to {address}.")
    if held < month:
        return warning(
            f"{coins}; at today's fee that is {30 * held / month:.0f} days of {month / COIN:.4f} a month.",
            f"Send some of the chain's coin to {address}.",
        )
    return ok(f"{coins}, enough for a month ({month / COIN:.4f} at today's fee)")


def _frames(records: Sequence[PolicyRecord], address: Address | None = None) -> float:
    """Return how many frames a month end under policies, those whose panel has an address."""
    mine = (record.policy for record in records if address is None or address in record.policy.panel)
    return sum(MONTH_S / policy.step_s for policy in mine)


async def log(patient: Patient) -> list[Finding]:
    """Look whether the frame that was anchored last is in the log folder."""
    from tribune.chain.facade import Tribune

    if not patient.monitors:
        return []
    folder = patient.settings.log_folder
    if not folder.is_dir():
        return [not_ok(f"There is no folder {folder}.", "Set log_folder to where the sealed logs are.")]
    async with await Tribune.connect(patient.settings) as tribune:
        records = await _policies(tribune)
        models = {model for own in patient.monitors.values() for model in _watched(own, records)}
        found = [await _log(tribune, patient, model) for model in sorted(models & records.keys())]
    return [one for one in found if one is not None] or [ok(f"{folder}: nothing is anchored yet")]


async def _log(tribune: Tribune, patient: Patient, model: ModelId) -> Finding | None:
    from tribune.decisions.anchor import log_folder, read_manifest

    version = await tribune.model_registry.active_version(model)
    if not version:
        return None
    head = await tribune.chain.head()
    newest = await tribune.policy_book.last_frame_at(model, head.time)
    recent = [FrameIndex(n) for n in range(newest, max(0, newest - LATEST_FRAMES), -1)]
    words = await tribune.decision_log.anchors_of(model, [(version, frame) for frame in recent])
    anchored = [frame for frame, word in zip(recent, words, strict=True) if word is not None]
    if not anchored:
        return (
            ok(f"model {model}: none of the last {LATEST_FRAMES} frames is anchored yet") if recent else None
        )
    folder = log_folder(patient.settings.log_folder, model, version)
    try:
        await asyncio.to_thread(read_manifest, folder, anchored[0])
    except EvidenceError as fault:
        said = f"model {model}: frame {anchored[0]} is anchored and not in the log folder: {fault.message}"
        return not_ok(said, "Is the log copied here in time? See log_folder.")
    return ok(f"model {model}: frame {anchored[0]} is there")


async def _policies(tribune: Tribune) -> dict[ModelId, PolicyRecord]:
    """Return the policies in force of the newest models."""
    count = await tribune.model_registry.model_count()
    models = [ModelId(number) for number in range(max(1, count - MOST_MODELS + 1), count + 1)]
    found = [await tribune.policy_book.policy_for(model, IN_FORCE) for model in models]
    return {model: record for model, record in zip(models, found, strict=True) if record is not None}


def _watched(settings: Settings, records: dict[ModelId, PolicyRecord]) -> list[ModelId]:
    return [ModelId(number) for number in settings.monitor.models] or list(records)
