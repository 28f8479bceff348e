"""A deployment as files, for an executive that is a Safe, a timelock or a DAO: nothing is sent.

Contracts are created through the deterministic factory. Anyone may send those transactions: an address
commits to creation code and arguments, so a squatter can only build what was planned, and what was built is
left out of the next plan. Until the executive gives out the roles, every restricted function is its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from scripts.deployment import proposal
from scripts.deployment.encoding import Artifacts, Transaction
from scripts.deployment.node import Node
from scripts.deployment.safe_batch import SafeCall, batch
from scripts.deployment.steps import Call, Deploy, resolved
from tribune.chain.types import ContractCall, checksum

_BATCH_GAS = 12_000_000
"""Below the 2^24 gas that a transaction may use since Osaka (EIP-7825)."""
_GAS_A_BYTE = 250
"""Upper estimate of what creating a contract costs for each byte of its creation code."""
DESCRIPTION = "Tribune: connect the contracts and give out their roles"


def missing(
    transactions: Sequence[Transaction], where: Mapping[str, str], node: Node
) -> tuple[Transaction, ...]:
    """Return the creations whose contract does not stand yet."""
    return tuple(
        one for one in transactions if isinstance(one.step, Deploy) and not node.code(where[one.step.name])
    )


def write(
    folder: Path,
    transactions: Sequence[Transaction],
    where: Mapping[str, str],
    artifacts: Artifacts,
    node: Node,
    *,
    executive: str,
    created_ms: int,
) -> list[Path]:
    """Write the Safe batches, the proposal and what they do in plain words; return the files.

    Args:
        folder: where to.
        transactions: of the whole plan, as the executive sends them.
        where: contract name → address.
        artifacts: compiled contracts, for readable calls.
        node: the chain; contracts that stand are left out.
        executive: who is ADMIN.
        created_ms: unix milliseconds.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*-contracts-*.json"):
        old.unlink()
    chain_id, files = node.chain_id, []

    def save(name: str, content: Any) -> None:
        path = folder / name
        text = content if isinstance(content, str) else json.dumps(content, indent=2) + "\n"
        path.write_text(text, encoding="utf-8")
        files.append(path)

    groups = list(_batches(missing(transactions, where, node)))
    for number, group in enumerate(groups, start=1):
        title = f"Tribune: create contracts, {number} of {len(groups)}"
        names = ", ".join(one.step.name for one in group)
        calls = [SafeCall(str(one.to), one.data) for one in group]
        save(
            f"1-contracts-{number}.json",
            batch(
                calls,
                chain_id=chain_id,
                safe=executive,
                name=title,
                description=names,
                created_ms=created_ms,
            ),
        )
    roles = [one for one in transactions if isinstance(one.step, Call)]
    readable = [_readable(one, where, artifacts) for one in roles]
    save(
        "2-roles.json",
        batch(
            readable,
            chain_id=chain_id,
            safe=executive,
            name=DESCRIPTION,
            description="For the executive alone, after all contracts.",
            created_ms=created_ms,
        ),
    )
    wanted = [ContractCall(to=checksum(str(one.to)), data=one.data) for one in roles]
    save("2-roles.proposal.json", proposal.content(proposal.proposed(wanted, DESCRIPTION), chain_id))
    save("README.md", _words(groups, roles, where, executive, chain_id))
    return files


def _batches(creations: Iterable[Transaction]) -> Iterable[list[Transaction]]:
    group: list[Transaction] = []
    used = 0
    for one in creations:
        gas = _GAS_A_BYTE * len(one.data)
        if group and used + gas > _BATCH_GAS:
            yield group
            group, used = [], 0
        group.append(one)
        used += gas
    if group:
        yield group


def _readable(one: Transaction, where: Mapping[str, str], artifacts: Artifacts) -> SafeCall:
    step = one.step
    assert isinstance(step, Call)  # noqa: S101 - the caller chose calls
    item = next(item for item in artifacts(step.name).abi if item.get("name") == step.function)
    return SafeCall(str(one.to), one.data, item, resolved(step.arguments, where.__getitem__))


def _words(
    groups: Sequence[Sequence[Transaction]],
    roles: Sequence[Transaction],
    where: Mapping[str, str],
    executive: str,
    chain_id: int,
) -> str:
    lines = [
        f"# Tribune on chain {chain_id}",
        "",
        f"ADMIN from the start, and the only one: `{executive}`. Nothing here was sent.",
        "",
        "1. Create the contracts: import `1-contracts-*.json` in the Safe's Transaction Builder, in any",
        "   order, or let any account do it, which gets no right by that:",
        "   `ape run deploy --plan FOLDER --create --account …`.",
        "   If somebody was faster, run `--plan` again: what stands already is left out.",
        "2. Only when all stand, the executive sends `2-roles.json` (Safe), or proposes",
        "   `2-roles.proposal.json` (`proposeCalldata` is the call to the DAO's governor).",
        "3. `ape run verify_roles --folder FOLDER` must pass; then copy the record to `deployments/`.",
        "",
        "## Contracts",
        *(f"- {name} `{address}`" for name, address in where.items()),
        "",
        "## Created here",
        *(f"- batch {n}: {', '.join(one.step.name for one in group)}" for n, group in enumerate(groups, 1)),
        "",
        "## Calls of the executive, in order",
        *(f"{n}. {one.says}" for n, one in enumerate(roles, 1)),
    ]
    return "\n".join(lines) + "\n"
