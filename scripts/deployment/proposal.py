"""Calls as a proposal: what OpenZeppelin's Governor takes, as a file that people and other tools can read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tribune.chain.codec import load_abi
from tribune.chain.governor import ProposedCalls
from tribune.chain.types import ContractCall, checksum
from tribune.exceptions import ConfigurationError

_GOVERNOR = "OversightGovernor"


def proposed(calls: Sequence[ContractCall], description: str) -> ProposedCalls:
    """Return calls as one proposal."""
    return ProposedCalls.of(list(calls), description)


def content(calls: ProposedCalls, chain_id: int) -> dict[str, Any]:
    """Return a proposal file's content: the arguments of `propose` and its encoded call."""
    arguments = [list(calls.targets), list(calls.values), list(calls.calldatas), calls.description]
    return {
        "chainId": chain_id,
        "targets": list(calls.targets),
        "values": [str(value) for value in calls.values],
        "calldatas": ["0x" + data.hex() for data in calls.calldatas],
        "description": calls.description,
        "descriptionHash": "0x" + calls.description_hash.hex(),
        "proposeCalldata": "0x" + load_abi(_GOVERNOR).encode("propose", arguments).hex(),
    }


def write(path: Path, calls: ProposedCalls, chain_id: int) -> Path:
    """Write a proposal file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content(calls, chain_id), indent=2) + "\n", encoding="utf-8")
    return path


def read(path: Path, chain_id: int) -> ProposedCalls:
    """Read a proposal file.

    Raises:
        ConfigurationError: it is missing, of another chain, or not of its form.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        found = ProposedCalls(
            targets=tuple(checksum(one) for one in raw["targets"]),
            values=tuple(int(one) for one in raw["values"]),
            calldatas=tuple(bytes.fromhex(one.removeprefix("0x")) for one in raw["calldatas"]),
            description=str(raw["description"]),
        )
        of_chain = int(raw["chainId"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as fault:
        raise ConfigurationError(
            f"{path} is no proposal file ({type(fault).__name__}).", mend="Give the file that --plan wrote."
        ) from fault
    if of_chain != chain_id:
        raise ConfigurationError(f"{path} is for chain {of_chain}, not {chain_id}.", mend="Choose --network.")
    return found
