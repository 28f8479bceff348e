"""One transaction of a person: said, simulated, asked for, sent, and looked up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scripts.acts.mends import with_mend
from scripts.acts.session import Session
from scripts.deployment.carry_out import Key, wait
from tribune.chain.types import ContractCall, checksum
from tribune.exceptions import ChainError, RevertedError


def send(session: Session, key: Key, call: ContractCall, words: Sequence[str]) -> Mapping[str, object] | None:
    """Send a call after a yes; return its receipt, None where it was not sent.

    Args:
        session: the deployment.
        key: who sends.
        call: what.
        words: what it will do, a line each.

    Raises:
        RevertedError: the contract would refuse, with what to do about it.
        ChainError: it was sent and failed.
    """
    for line in words:
        session.say(line)
    session.say(f"Sent by {key.address}.")
    try:
        gas = session.ask(session.tribune.chain.estimate(call, checksum(key.address)))
    except RevertedError as fault:
        raise with_mend(fault) from fault
    session.say(f"Simulated: it succeeds, with about {gas:,} gas.")
    if not session.confirm("Send it?"):
        session.say("Nothing was sent.")
        return None
    tx = key.sign(call, session.node.nonce(key.address))
    key.send()
    receipt = wait(session.node, tx, call.description)
    if receipt is None or int(str(receipt["status"]), 16) != 1:
        raise ChainError(f"It failed on the chain ({tx}).", mend="Something changed meanwhile: run it again.")
    session.say(f"Done, in block {int(str(receipt['blockNumber']), 16)} ({tx}).")
    return receipt
