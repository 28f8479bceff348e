"""Another PauseGovernor in the place of the present one, by one decision of the executive.

What the old one paused can be resumed through the new one; a vote that runs at the old one can be opened
anew.
"""

from __future__ import annotations

import dataclasses
from dataclasses import asdict
from pathlib import Path

from scripts.acts.decide import decide
from scripts.acts.send import send
from scripts.acts.session import Session
from scripts.deployment import record
from scripts.deployment.carry_out import Key
from scripts.deployment.config import FastLane
from scripts.deployment.encoding import Artifact
from scripts.deployment.role_table import PAUSE
from tribune.chain.codec import load_abi
from tribune.chain.types import ContractCall, checksum
from tribune.exceptions import ConfigurationError
from tribune.ids import Address

_NAME, _MANAGER = "PauseGovernor", "TribuneAccessManager"


def create(session: Session, key: Key, artifact: Artifact, lane: FastLane) -> Address | None:
    """Create another PauseGovernor, which has no right yet; return where, None where it was not sent."""
    where = session.record.addresses
    parties = [where[name] for name in ("TribuneToken", "KillSwitch", "ModelRegistry")]
    code = artifact.creation([*parties, session.record.executive, lane.as_tuple()])
    words = ["Creates another PauseGovernor. It has no right until the executive gives it one."]
    call = ContractCall(to=None, data=code, description="create another PauseGovernor")
    receipt = send(session, key, call, words)
    if receipt is None:
        return None
    found = checksum(str(receipt["contractAddress"]))
    session.say(f"It is at {found}.")
    return found


def replace(
    session: Session, key: Key | None, new: Address, lane: FastLane, *, plan: Path | None, folder: Path
) -> Path | None:
    """Bring the replacement before the executive; return the record that holds once it was carried out.

    Raises:
        ConfigurationError: the new one is not a PauseGovernor of this deployment with these settings.
        RevertedError: the switch refuses its votes: they could outlast a suspension.
    """
    old = session.record.addresses[_NAME]
    _check(session, new, lane)
    manager, abi = Address(session.record.addresses[_MANAGER]), load_abi(_MANAGER)
    calls = [
        abi.call(manager, "revokeRole", (PAUSE, old), f"take PAUSE from {old}"),
        abi.call(manager, "grantRole", (PAUSE, new, 0), f"give PAUSE to {new}"),
        load_abi(_NAME).call(new, "pushVoteSpan", (), "tell the switch how long its votes can take"),
    ]
    words = [f"Replaces the PauseGovernor {old} by {new}, in this order:"]
    words += [f"  {call.description}" for call in calls]
    words.append("A model that is paused stays so, and can be resumed through the new one.")
    description = f"Replace the PauseGovernor by {new}"
    made = decide(session, key, calls, description, words, plan=plan, folder=folder)
    return None if made is None else _record(session, new, lane, made.parent / "after", folder)


def _check(session: Session, new: Address, lane: FastLane) -> None:
    where = session.record.addresses
    if new == where[_NAME] or not session.node.code(new):
        raise ConfigurationError(f"There is no other PauseGovernor at {new}.", mend="Leave --new out.")
    wanted = {
        "token": where["TribuneToken"],
        "killSwitch": where["KillSwitch"],
        "registry": where["ModelRegistry"],
        "executive": session.record.executive,
        "votingDelay": lane.voting_delay_s,
        "votingPeriod": lane.voting_period_s,
        "lateQuorumVoteExtension": lane.late_extension_s,
        "executionGrace": lane.execution_grace_s,
        "quorumNumerator()": lane.quorum_percent,
        "superQuorumNumerator()": lane.super_quorum_percent,
        "callThreshold": lane.call_threshold_ppm,
        "contractGas": lane.contract_gas,
    }
    for function, expected in wanted.items():
        found = session.node.read(_NAME, new, function)
        if found != expected:
            raise ConfigurationError(
                f"{new} has {function} = {found}, not {expected}.", mend="Leave --new out to create one."
            )


def _record(session: Session, new: Address, lane: FastLane, target: Path, folder: Path) -> Path:
    _, parameters = record.read(folder, session.record.chain_id)
    where = {**session.record.addresses, _NAME: new}
    span = lane.voting_delay_s + lane.voting_period_s + lane.late_extension_s
    parameters |= {"fast_lane": asdict(lane), "vote_span_s": span}
    path = record.save(target, dataclasses.replace(session.record, addresses=where), parameters)
    session.say(
        f"Once it is carried out: ape run verify_roles --folder {target}; then copy {path} over yours."
    )
    return path
