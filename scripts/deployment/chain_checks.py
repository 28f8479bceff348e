"""What only the chain can say about a configuration: code, clock, and whether the quorum can be reached.

Raises for what would break, warns of what may be meant. Sends nothing.
"""

from __future__ import annotations

from scripts.deployment.config import DeploymentConfig, ExistingToken, WrappedToken
from scripts.deployment.node import Node
from tribune.exceptions import ChainError, ConfigurationError

TIMESTAMP = "mode=timestamp"
_DELEGATE = "Votes count only once delegated: every holder calls delegate(their own address) on the token."


def check(config: DeploymentConfig, node: Node) -> list[str]:
    """Return warnings for people.

    Raises:
        ConfigurationError: an account that must be a contract is none, the token's clock counts blocks, or
            the delegates that the file lists cannot reach the quorum.
    """
    _contract(config.executive, "executive", node, "It must be a timelock, Safe or DAO that exists here.")
    warnings = []
    if config.guardian and not node.code(config.guardian):
        warnings.append(f"The guardian {config.guardian} is a single key, not a multisig.")
    token = config.token
    if isinstance(token, ExistingToken):
        return [*warnings, *_existing(token, config, node)]
    if isinstance(token, WrappedToken):
        _contract(token.underlying, "token to be wrapped", node, "Is it of another network?")
        return [*warnings, f"Nobody has wrapped a token yet, so nobody can vote. {_DELEGATE}"]
    return [*warnings, f"Nobody has delegated yet, so no quorum can be reached. {_DELEGATE}"]


def _contract(address: str | None, what: str, node: Node, mend: str) -> None:
    if address is not None and not node.code(address):
        raise ConfigurationError(f"The {what} {address} has no code on this chain.", mend=mend)


def _existing(token: ExistingToken, config: DeploymentConfig, node: Node) -> list[str]:
    _contract(token.address, "token", node, "Is it of another network?")
    try:
        mode = node.read("TribuneToken", token.address, "CLOCK_MODE")
    except ChainError:
        raise ConfigurationError(
            f"The token {token.address} has no clock (ERC-6372), so it cannot vote here.",
            mend='Write wrap = "…" in place of address: a wrapper gives its holders votes.',
        ) from None
    if mode != TIMESTAMP:
        raise ConfigurationError(
            f"The token {token.address} counts blocks ({mode}), and all times here are in seconds.",
            mend='Write wrap = "…" in place of address: a wrapper gives its holders a clock in seconds.',
        )
    before = node.time - 1
    supply = int(node.read("TribuneToken", token.address, "getPastTotalSupply", before))
    percent = max(config.fast_lane.quorum_percent, config.slow_lane.quorum_percent if config.slow_lane else 0)
    needed = supply * percent // 100
    if not token.delegates:
        return [
            f"The quorum is {percent} % of the supply, {needed} votes. The chain cannot list who could reach "
            "it: name the biggest delegates in [token] delegates, and it is checked."
        ]
    power = sum(
        int(node.read("TribuneToken", token.address, "getPastVotes", one, before))
        for one in dict.fromkeys(token.delegates)
    )
    if power < needed or supply == 0:
        raise ConfigurationError(
            f"The {len(set(token.delegates))} listed delegates have {power} votes together, the quorum of "
            f"{percent} % needs {needed}: no vote of theirs could pass.",
            mend=f"Lower the quorum, list further delegates, or let more holders delegate. {_DELEGATE}",
        )
    return []
