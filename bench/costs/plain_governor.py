"""Gas of the same actions with OpenZeppelin's plain governor, the same token and the same voters.

The governor halts `PlainSwitch`, OpenZeppelin's Pausable owned by it: one flag, no cases, bounds or budget.
"""

from __future__ import annotations

from typing import Any

from eth_account.signers.local import LocalAccount

from bench.costs.scene import BALLOTS, Scene

_DELAY_S, _PERIOD_S, _QUORUM_PERCENT = 10, 1000, 20
_FOR = 1
_TYPES = {
    "EIP712Domain": [
        {"name": "name", "type": "string"},
        {"name": "version", "type": "string"},
        {"name": "chainId", "type": "uint256"},
        {"name": "verifyingContract", "type": "address"},
    ],
    "Ballot": [
        {"name": "proposalId", "type": "uint256"},
        {"name": "support", "type": "uint8"},
        {"name": "voter", "type": "address"},
        {"name": "nonce", "type": "uint256"},
    ],
}


def votes(scene: Scene) -> dict[str, int]:
    """Gas of a proposal to pause, of ballots by signature (each a transaction; mean), and of its execution.

    `voted before` is the same voter's next ballot: then its nonce in the governor is not new any more.
    """
    token = scene.contracts["TribuneToken"].address
    governor = scene.create_own("PlainGovernor", token, _DELAY_S, _PERIOD_S, _QUORUM_PERCENT)
    first = _vote(scene, governor)
    again = _vote(scene, governor)
    return {
        "propose": first[0],
        "castVoteBySig": first[1],
        "castVoteBySig, voted before": again[1],
        "execute": first[2],
    }


def _vote(scene: Scene, governor: Any) -> tuple[int, int, int]:
    switch = scene.create_own("PlainSwitch", governor.address)
    calls = ([switch.address], [0], [switch.encode_abi("pause")])
    text = f"Pause {switch.address}"
    proposing = scene.gas(governor.functions.propose(*calls, text))
    hashed = scene.chain.web3.keccak(text=text)
    proposal = governor.functions.getProposalId(*calls, hashed).call()
    scene.later(_DELAY_S + 1)
    ballots = 0
    for voter in scene.voters:
        signature = _sign(scene, governor, proposal, voter)
        ballots += scene.gas(governor.functions.castVoteBySig(proposal, _FOR, voter.address, signature))
    scene.later(_PERIOD_S)
    return proposing, round(ballots / BALLOTS), scene.gas(governor.functions.execute(*calls, hashed))


def _sign(scene: Scene, governor: Any, proposal: int, voter: LocalAccount) -> bytes:
    domain = {
        "name": "Plain governor",
        "version": "1",
        "chainId": scene.chain.web3.eth.chain_id,
        "verifyingContract": governor.address,
    }
    nonce = governor.functions.nonces(voter.address).call()
    message = {"proposalId": proposal, "support": _FOR, "voter": voter.address, "nonce": nonce}
    data = {"types": _TYPES, "primaryType": "Ballot", "domain": domain, "message": message}
    return bytes(voter.sign_typed_data(full_message=data).signature)
