"""The outcome for machines, `build/demo-summary.json`: every value is read back from chain, store or HTTP."""

from __future__ import annotations

import asyncio
from typing import Any

from examples.acs_employment.demo.run import Run
from examples.acs_employment.demo.steward import FIRST, MODEL
from tribune.metrics import Policy
from tribune.reports.canonical import cid


async def summarise(run: Run) -> dict[str, Any]:
    """Return the summary of a run.

    For `INCIDENT=none` there is no breach, proposal or ballot; their places hold None and nothing.
    """
    tribune, watcher = run.tribune, run.watcher
    status = await tribune.kill_switch.status(MODEL)
    judged = [report for version in (1, 2) for report in await watcher.judged(version)]
    frames = []
    for report in judged:
        if report.frame == 0:
            continue
        manifest = await asyncio.to_thread(run.manifest, report.version, report.frame)
        frames.append(
            {
                "frame": report.frame,
                "version": report.version,
                "start": manifest["start"],
                "end": manifest["end"],
                "rows": manifest["rows"],
                "digest": "0x" + report.digest.hex(),
            }
        )
    healthy = await watcher.attested(FIRST, run.healthy_frame)
    changes = await run.transitions()
    states = [str(run.first_state), *(str(change.current) for change in changes)]
    breach, proposal_id = await _breach(run)
    return {
        "model": await tribune.model_registry.name(MODEL),
        "version": status.version,
        "frames": frames,
        "healthy_digests": ["0x" + event.report.hex() for event in healthy],
        "breach": breach,
        "proposal_id": proposal_id,
        "ballots": [
            {"voter": ballot.voter, "support": ballot.support, "weight": ballot.weight, "tx": ballot.tx}
            for ballot in run.ballots
        ],
        "proven": _proven(run),
        "states": states,
        "oversight": str(status.oversight),
        "durations_s": {name: round(seconds, 4) for name, seconds in run.durations_s.items()},
        "evidence": [cid(report.report.evidence) for report in judged],
        "contracts": dict(tribune.deployment.addresses),
    }


def _proven(run: Run) -> dict[str, Any] | None:
    """Return what a stranger found out about one decision."""
    receipt, said = run.stranger.receipt, run.stranger.said
    if receipt is None or not said:
        return None
    return {
        **{name: said[name] for name in ("id", "time", "version", "frame", "root", "checked_on_chain")},
        "leaf": "0x" + receipt.leaf.hex(),
        "receipt_signed": receipt.batch is not None,
    }


async def _breach(run: Run) -> tuple[dict[str, Any] | None, str | None]:
    """Return what the case of the incident was about, and the id of its vote."""
    if not run.breach_case:
        return None, None
    tribune = run.tribune
    case = await tribune.kill_switch.case(run.breach_case)
    record = await tribune.policy_book.policy_for(MODEL, case.frame)
    if record is None:
        raise LookupError(f"frame {case.frame} has no policy")
    policy = Policy.from_chain([rule.on_chain() for rule in record.policy.rules])
    signed = await run.watcher.attested(FIRST, case.frame)
    return {
        "metric": policy.rules[case.rule].metric,
        "value": case.value,
        "limit": case.limit,
        "digest": "0x" + signed[0].report.hex(),
        "signers": [event.monitor for event in signed],
    }, str(case.vote)
