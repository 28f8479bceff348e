"""The demo's chain: anvil with a block a second, an hour in the past until the slow lane has voted."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eth_utils.abi import function_signature_to_4byte_selector

from examples.acs_employment.demo.actors import Actors
from examples.acs_employment.demo.processes import ROOT, Process
from support.anvil import Anvil
from tribune.chain import Chain, Tribune

if TYPE_CHECKING:
    from examples.acs_employment.demo.stage import Stage

HOUR_S = 3600
COINS = 10**20
BLOCK_S = 1


class LocalChain:
    """Anvil, and what only a local chain can do. Refuses time travel once `go_live` was called."""

    def __init__(self, anvil: Anvil) -> None:
        self.anvil = anvil
        self._live = False

    @classmethod
    def start(cls, *, port: int = 0) -> LocalChain:
        """Start anvil an hour in the past."""
        started = Anvil.start(block_time=BLOCK_S, timestamp=int(time.time()) - HOUR_S, port=port)
        return cls(started)

    async def fund(self, chain: Chain, actors: Actors) -> None:
        """Give everybody coins for gas, and mine each transaction at once until `go_live`."""
        await chain.request("evm_setAutomine", True)
        for account in actors.accounts:
            await chain.request("anvil_setBalance", account.address, hex(COINS))

    async def skip(self, chain: Chain, seconds: int) -> None:
        """Let chain time pass in a moment."""
        if self._live:
            raise RuntimeError("no time travel once the gate serves")
        await chain.request("evm_increaseTime", seconds)
        await chain.request("evm_mine")

    async def set_to_now(self, chain: Chain) -> None:
        """Set chain time to the wall clock: the next block carries this second."""
        await chain.request("evm_setNextBlockTimestamp", int(time.time()))

    async def lengthen_votes(self, tribune: Tribune, seconds: int) -> None:
        """Let fast-lane votes that begin from now on last longer, in the name of who governs them.

        On a chain that is not a local one, only a vote of the slow lane can do this.
        """
        chain, governor = tribune.chain, tribune.deployment.addresses["PauseGovernor"]
        selector = function_signature_to_4byte_selector
        read = {"to": governor, "data": "0x" + selector("executive()").hex()}
        executive = "0x" + (await chain.request("eth_call", read, "latest"))[-40:]
        data = "0x" + selector("setVotingPeriod(uint32)").hex() + f"{seconds:064x}"
        await chain.request("anvil_setBalance", executive, hex(COINS))
        await chain.request("anvil_impersonateAccount", executive)
        sent = {"from": executive, "to": governor, "data": data}
        await chain.request("eth_estimateGas", sent)  # raises where it is refused
        await chain.request("eth_sendTransaction", sent)
        await chain.request("anvil_stopImpersonatingAccount", executive)

    async def go_live(self, chain: Chain) -> None:
        """From here on a block is mined each second and time passes as it does."""
        await chain.request("evm_setIntervalMining", BLOCK_S)
        self._live = True


def deploy(stage: Stage, holders: Sequence[dict[str, Any]]) -> Process:
    """Start `ape run deploy` on the demo's chain; it ends with the check of all roles.

    Args:
        stage: where to run it.
        holders: `{"address", "tokens"}` of each.
    """
    path = stage.folder / "holders.json"
    path.write_text(json.dumps(list(holders)))
    command = ["run", "deploy", "--network", "ethereum:local:foundry", "--holders", str(path)]
    command += ["--folder", str(stage.deployments)]
    environment = {
        "APE_FOUNDRY_HOST": stage.local.anvil.http_url,
        "SOLCX_BINARY_PATH": str(ROOT / "scripts" / "solc"),
    }
    ape = str(Path(sys.executable).with_name("ape"))
    return stage.processes.start("deploy", command, environment, program=ape, ends=True)
