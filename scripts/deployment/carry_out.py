"""Carry a plan out with one key, step by step, so that it can be taken up again after any failure.

Before a transaction is sent its hash is written down, after it is mined so is its block. A rerun looks each
of them up: one that a reorganisation took back is sent again, one that was sent and not noted is found. An
address follows from the key's nonce, so no other transaction of the key may get between the creations.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from scripts.deployment.encoding import Transaction
from scripts.deployment.node import Node
from scripts.deployment.progress import Done, Progress
from scripts.deployment.steps import Deploy
from tribune.exceptions import ChainError, ConfigurationError, TransactionPendingError

_FIRST_POLL_S, _LONGEST_POLL_S = 0.02, 1.0
_LIMIT_S = 120.0
"""Some blocks of a slow chain."""


class Sendable(Protocol):
    """A transaction, as far as who sends it needs to know."""

    @property
    def to(self) -> str | None:
        """The contract; None creates one."""

    @property
    def data(self) -> bytes:
        """What is sent."""


class Key(Protocol):
    """Who sends."""

    @property
    def address(self) -> str:
        """Its account."""

    def sign(self, transaction: Sendable, nonce: int) -> str:
        """Prepare and sign, which simulates it; return the hash that it will have."""

    def send(self) -> None:
        """Hand what was signed last to the node."""


def carry_out(
    node: Node,
    key: Key,
    transactions: Sequence[Transaction],
    where: Mapping[str, str],
    progress: Progress,
    say: Callable[[str], None],
) -> None:
    """Send what is not yet done.

    Args:
        node: the chain.
        key: who sends; the same as began.
        transactions: of the whole plan.
        where: contract name → address, as follows from the progress' first nonce.
        progress: what is done; saved after each step.
        say: takes each line for people.

    Raises:
        ConfigurationError: another transaction of the key is between the creations.
        TransactionPendingError: a transaction waits for long; run the same again later.
        ChainError: a step failed, or its contract is not where it should be.
    """
    _look_up(node, transactions, progress, say)
    for index in range(len(progress.done), len(transactions)):
        one = transactions[index]
        nonce = node.nonce(key.address)
        if isinstance(one.step, Deploy) and nonce != progress.first_nonce + index:
            raise ConfigurationError(
                f"Another transaction of {key.address} got in between (nonce {nonce}, not "
                f"{progress.first_nonce + index}): {one.step.name} would not be where the others expect it.",
                mend="Begin again with --anew and a key that nothing else uses.",
            )
        progress.sending = key.sign(one, nonce)
        progress.save()
        key.send()
        receipt = wait(node, progress.sending, one.says)
        if receipt is None or not _succeeded(receipt):
            raise ChainError(f"It failed: {one.says} ({progress.sending}).", mend="Run the same again.")
        _note(progress, one, receipt)
        say(f"{one.says}{_place(node, one, where)}")


def create(
    node: Node,
    key: Key,
    creations: Sequence[Transaction],
    where: Mapping[str, str],
    say: Callable[[str], None],
) -> None:
    """Send creations through the factory; what is interrupted is taken up by what does not stand yet.

    Raises:
        TransactionPendingError: a transaction waits for long; run the same again later.
        ChainError: one failed, or its contract is not where it should be.
    """
    for one in creations:
        tx = key.sign(one, node.nonce(key.address))
        key.send()
        receipt = wait(node, tx, one.says)
        if receipt is None or not _succeeded(receipt):
            raise ChainError(f"It failed: {one.says} ({tx}).", mend="Run the same again.")
        say(f"{one.says}{_place(node, one, where)}")


def _look_up(
    node: Node, transactions: Sequence[Transaction], progress: Progress, say: Callable[[str], None]
) -> None:
    """Hold what is written against the chain, and correct it."""
    for index, noted in enumerate(list(progress.done)):
        receipt = node.receipt(noted.tx)
        if receipt is None:
            say(f"The chain took back from step {index + 1} on ({noted.says}): sent again.")
            del progress.done[index:]
            progress.sending = None
            progress.save()
            return
        progress.done[index] = _done(transactions[index], receipt)
    if progress.sending is None:
        return
    one = transactions[len(progress.done)]
    receipt = wait(node, progress.sending, one.says)
    if receipt is not None and _succeeded(receipt):
        say(f"{one.says}: was sent before, and is mined")
        _note(progress, one, receipt)
    progress.sending = None


def wait(node: Node, tx: str, says: str) -> Mapping[str, object] | None:
    """Wait for a transaction while the node knows it; None where it was never sent, or was dropped.

    Raises:
        TransactionPendingError: it waits for too long.
    """
    deadline, pause = time.monotonic() + _LIMIT_S, _FIRST_POLL_S
    while time.monotonic() < deadline:
        if (receipt := node.receipt(tx)) is not None:
            return receipt
        if node.transaction(tx) is None:
            return None
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_POLL_S)
    raise TransactionPendingError(
        f"It is in no block yet: {says} ({tx}).",
        mend="Run the same again later, or give it more gas from the wallet.",
        tx_hash=tx,
    )


def _note(progress: Progress, one: Transaction, receipt: Mapping[str, object]) -> None:
    progress.done.append(_done(one, receipt))
    progress.sending = None
    progress.save()


def _done(one: Transaction, receipt: Mapping[str, object]) -> Done:
    block = int(str(receipt["blockNumber"]), 16)
    return Done(one.says, str(receipt["transactionHash"]), block, str(receipt["blockHash"]))


def _succeeded(receipt: Mapping[str, object]) -> bool:
    return int(str(receipt["status"]), 16) == 1


def _place(node: Node, one: Transaction, where: Mapping[str, str]) -> str:
    if not isinstance(one.step, Deploy):
        return ""
    address = where[one.step.name]
    if not node.code(address):
        raise ChainError(f"There is no {one.step.name} at {address}, where it should be.", mend="Try --anew.")
    return f" at {address}"
