"""Acts that only the executive may do: proposed to the slow lane, or written as files for a Safe or DAO."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from pathlib import Path

from scripts.acts.mends import with_mend
from scripts.acts.send import send
from scripts.acts.session import Session
from scripts.deployment import proposal
from scripts.deployment.carry_out import Key
from scripts.deployment.safe_batch import SafeCall, batch
from scripts.deployment.simulate import simulate_calls
from tribune.chain.governor import ProposedCalls
from tribune.chain.types import ContractCall
from tribune.exceptions import ConfigurationError, RevertedError


def decide(
    session: Session,
    key: Key | None,
    calls: Sequence[ContractCall],
    description: str,
    words: Sequence[str],
    *,
    plan: Path | None,
    folder: Path,
) -> Path | None:
    """Bring calls before the executive; return the proposal file, None where nothing was proposed.

    Args:
        session: the deployment.
        key: who proposes; not needed with `plan`.
        calls: what the executive is to do, in order.
        description: what voters read; also the proposal's identity.
        words: what it will do, a line each.
        plan: folder for files, in place of a proposal.
        folder: where records are; proposals are kept beside them, to be carried out later.

    Raises:
        ConfigurationError: there is nobody to propose to.
        RevertedError: one of the calls would fail.
    """
    proposed = proposal.proposed(calls, description)
    if plan is None and not session.tribune.has_slow_lane:
        raise ConfigurationError(
            f"Only the executive {session.record.executive} can do this, and it is not ours to propose to.",
            mend="Run it with --plan FOLDER, which writes it as Safe batch and as proposal.",
        )
    _try(session, calls, words)
    if plan is not None:
        return _files(session, plan, calls, proposed)
    assert key is not None  # noqa: S101 - scripts ask for an account where there is no plan
    path = folder / "proposals" / f"{session.record.chain_id}-{_name(proposed)}.json"
    says = [f"Proposes to the token holders: {description}"]
    if send(session, key, session.tribune.oversight_governor.propose(proposed), says) is None:
        return None
    proposal.write(path, proposed, session.record.chain_id)
    session.say(f"Kept in {path}. Once its vote has passed: ape run execute --proposal {path}")
    return path


def _try(session: Session, calls: Sequence[ContractCall], words: Sequence[str]) -> None:
    for line in words:
        session.say(line)
    try:
        gas = simulate_calls(session.node, calls, session.record.executive)
    except RevertedError as fault:
        raise with_mend(fault) from fault
    session.say(
        "Could not be simulated: this node has no eth_simulateV1."
        if gas is None
        else f"Simulated as the executive: it succeeds, with about {gas:,} gas."
    )


def _files(session: Session, plan: Path, calls: Sequence[ContractCall], proposed: ProposedCalls) -> Path:
    plan.mkdir(parents=True, exist_ok=True)
    chain_id, name = session.record.chain_id, _name(proposed)
    made = batch(
        [SafeCall(str(call.to), call.data) for call in calls],
        chain_id=chain_id,
        safe=session.record.executive,
        name=proposed.description.splitlines()[0],
        description="; ".join(call.description for call in calls),
        created_ms=int(time.time() * 1000),
    )
    safe = plan / f"{name}.safe.json"
    safe.write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")
    path = proposal.write(plan / f"{name}.proposal.json", proposed, chain_id)
    session.say(
        f"Written for {session.record.executive}: {safe} (Safe), {path} (governor). Nothing was sent."
    )
    return path


def _name(proposed: ProposedCalls) -> str:
    parts = [*proposed.targets, *(data.hex() for data in proposed.calldatas), proposed.description]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
