"""A chain with a block each second and at each transaction, a model in service, and who may stop it."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from eth_account import Account

from scripts.deployment import config as deployment_config
from scripts.deployment.config import Holder
from support.anvil import CHAIN_ID, KEYS, Anvil
from support.chain import LOCAL, TestChain, deploy
from support.processes import environment
from tribune.chain import Tribune
from tribune.ids import ModelId, VersionNumber
from tribune.settings import Settings, load_settings
from unit.chain.place import GUARDIAN, Place, active, address

MODEL, VERSION = ModelId(1), VersionNumber(1)
START_LIMIT_S = 90.0


@dataclass
class GateWorld:
    """The chain, and settings that lead there."""

    chain: TestChain
    settings: Settings

    @property
    def anvil(self) -> Anvil:
        """The node."""
        return self.chain.anvil

    def halt(self, seconds: int = 100_000) -> None:
        """Halt all models by the executive."""
        self.chain.as_timelock(self._switch.halt(self.chain.now + seconds))

    def free(self) -> None:
        """End the halt."""
        self.chain.as_timelock(self._switch.halt(0))

    def suspend(self) -> None:
        """Suspend the model by the guardian; once a chain."""
        guardian = Account.from_key(KEYS[GUARDIAN]).address
        sent = self._switch.guardianSuspend(MODEL, b"\x08" * 32).transact({"from": guardian})
        assert self.chain.web3.eth.wait_for_transaction_receipt(sent)["status"] == 1

    def pause(self, case_id: int) -> None:
        """Pause the model on a case, as a passed vote would."""
        self._as_governor(self._switch.pause(MODEL, case_id, self._epoch))

    def resume(self) -> None:
        """Set the model free, as a passed vote would."""
        self._as_governor(self._switch.resume(MODEL, VERSION, self._epoch))

    def variables(self, **given: str) -> dict[str, str]:
        """Return an environment with which a command finds this chain."""
        return environment(
            TRIBUNE_CHAIN__HTTP_URL=self.settings.chain.http_url,
            TRIBUNE_CHAIN__WS_URL=str(self.settings.chain.ws_url),
            TRIBUNE_DEPLOYMENTS=str(self.settings.deployments),
            **given,
        )

    @property
    def _switch(self) -> Any:
        return self.chain.contracts["KillSwitch"].functions

    @property
    def _epoch(self) -> int:
        epoch: int = self._switch.statusOf(MODEL).call()[3]
        return epoch

    def _as_governor(self, call: Any) -> None:
        governor = self.chain.contracts["PauseGovernor"].address
        self.chain.rpc("anvil_impersonateAccount", governor)
        self.chain.rpc("anvil_setBalance", governor, hex(10**18))
        sent = call.transact({"from": governor})
        assert self.chain.web3.eth.wait_for_transaction_receipt(sent)["status"] == 1


@contextmanager
def gate_world(folder: Path, block_time: float = 1.0) -> Iterator[GateWorld]:
    """Start a chain and put model 1 into service."""
    shares = zip(KEYS[2:7], (400_000, 250_000, 170_000, 100_000, 80_000), strict=True)
    holders = tuple(Holder(Account.from_key(key).address, tokens) for key, tokens in shares)
    config = replace(deployment_config.load(LOCAL, holders), guardian=address(GUARDIAN))
    with Anvil.start(block_time=block_time, extra=("--mixed-mining",)) as anvil:
        chain = deploy(anvil, config=config)
        chain.write_record(folder)
        settings = load_settings(
            deployments=folder,
            chain={"http_url": anvil.http_url, "ws_url": anvil.ws_url, "chain_id": CHAIN_ID},
        )
        asyncio.run(_activate(settings))
        yield GateWorld(chain, settings)


async def _activate(settings: Settings) -> None:
    async with await Tribune.connect(settings) as tribune:
        await active(Place(tribune))


@contextmanager
def sidecar_process(
    world: GateWorld, folder: Path, **given: str
) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Run `tribune gate serve`; yields its address and the process."""
    ready = folder / "ready"
    ready.unlink(missing_ok=True)
    given = {"TRIBUNE_GATE__SERVE__PORT": "0", **given}
    with subprocess.Popen(
        [sys.executable, "-m", "tribune.cli", "gate", "serve", "--ready", str(ready)],
        cwd=folder, env=world.variables(**given), stderr=subprocess.DEVNULL, text=True,
    ) as process:  # fmt: skip
        try:
            deadline = time.monotonic() + START_LIMIT_S
            while not ready.exists():
                assert process.poll() is None, "the sidecar ended"
                assert time.monotonic() < deadline, "the sidecar does not listen"
                time.sleep(0.02)
            yield f"http://127.0.0.1:{ready.read_text().strip()}", process
        finally:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()
