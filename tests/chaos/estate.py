"""A chain with models and a panel of monitors, each a process with store, evidence and tallies of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from eth_account import Account
from eth_account.signers.local import LocalAccount

from chaos.fleet import Fleet, Place
from chaos.ledger import Ledger, account
from integration.monitor_samples import ROWS, Sample
from integration.monitor_world import VERSION, MonitorWorld
from scripts.deployment import config as deployment_config
from scripts.deployment.config import Holder
from support.anvil import KEYS, ROOT, Anvil
from support.chain import LOCAL, deploy
from support.postgres import Postgres
from tribune.ids import Address, FrameIndex, ModelId

WINDOW_S = 60
"""Chain time in which a case's vote can be opened: the monitors come at a quarter of it."""
PERIOD_S = 60
PAUSE_S = 0.05


@dataclass
class Estate:
    """All of it.

    Args:
        world: chain, steward and logs.
        fleet: starts the processes.
        places: the panel, in its order.
        keys: theirs.
        models: watched ones.
    """

    world: MonitorWorld
    fleet: Fleet
    places: list[Place]
    keys: list[LocalAccount]
    models: list[ModelId] = field(default_factory=list)
    _samples: dict[ModelId, Sample] = field(default_factory=dict)

    @property
    def panel(self) -> list[Address]:
        return [Address(key.address) for key in self.keys]

    def register(self, number: int = 1, *, k: int = 2) -> None:
        """Register models; the running monitors evaluate them; let them take force."""
        for _ in range(number):
            self.models.append(self.world.register(self.panel, k=k))
        hub = self.world.chain.contracts["ReportHub"].functions

        def evaluated() -> bool:
            return all(hub.evaluationPassed(model, VERSION).call() for model in self.models)

        self.wait(evaluated, 240 + 30 * number, "the evaluations")
        for model in self.models:
            self.world.activate(model)
        self.world.warp_to_force()

    def seal(self, model: ModelId, *, breach: bool = False, rows: int = ROWS) -> FrameIndex:
        """Let a model's next frame pass, with the labels of the one before it; seal and anchor it.

        Args:
            model: whose.
            breach: all ages are impossible, which suspends the model and opens a case.
            rows: decisions.
        """
        before = self._samples.get(model)
        labels = before.labels if before else ()
        frame = self.world.sealed(model, age=10_000.0 if breach else 40.0, labels=labels, n=rows)
        self._samples[model] = self.world.samples[frame]
        return frame

    def reported(self, model: ModelId, frame: FrameIndex) -> set[str]:
        """Return whose reports of a frame the hub counted."""
        events = self.world.chain.contracts["ReportHub"].events.Attested()
        found = events.get_logs(from_block=0, argument_filters={"modelId": model, "frame": frame})
        return {event["args"]["monitor"] for event in found}

    def complete(self, model: ModelId, frame: FrameIndex, but: Collection[str] = ()) -> bool:
        """Whether all of the panel reported a frame, but these."""
        return self.reported(model, frame) >= set(self.panel) - set(but)

    def wait(self, until: object, limit_s: float, what: str = "") -> None:
        """Wait by the wall clock until something is so."""
        assert callable(until)
        deadline = time.monotonic() + limit_s
        while not until():
            if time.monotonic() > deadline:
                said = {
                    place.name: place.log.read_text()[-1500:] for place in self.places if place.log.exists()
                }
                raise TimeoutError(f"{what or 'it'} took longer than {limit_s:g} s: {said}")
            self.fleet.look()
            time.sleep(PAUSE_S)

    def account(
        self,
        *,
        from_frame: int = 1,
        excused: Collection[tuple[int, int, str]] = (),
        but: Collection[str] = (),
    ) -> Ledger:
        """Draw up the account from the chain.

        Args:
            from_frame: first frame that is asked about.
            excused: reports that nobody owes.
            but: monitors that owe nothing.
        """
        members = [address for address in self.panel if address not in but]
        evidence = {
            str(key.address): place.folder / "evidence"
            for key, place in zip(self.keys, self.places, strict=True)
            if key.address not in but
        }
        return account(
            self.world.chain,
            dict.fromkeys(self.models, members),
            evidence,
            from_frame=dict.fromkeys(self.models, from_frame),
            excused=excused,
        )


def recomputed(of: Estate, ledger: Ledger, number: int) -> tuple[int, list[str]]:
    """Let `tribune verify report` recompute some reports; return how many, and what it said of wrong ones.

    Args:
        of: the estate, whose chain still runs.
        ledger: names the evidence.
        number: of reports, over all frames.
    """
    names = sorted(set(ledger.cids.values()), key=list(ledger.cids.values()).index)
    chosen = names[:: max(1, len(names) // number)][:number]
    place = of.places[0]
    paths = os.pathsep.join(str(ROOT / part) for part in (".", "monitors", "bot"))
    wrong = []
    for name in chosen:
        done = subprocess.run(
            [sys.executable, "-m", "tribune.cli", "verify", "report", name],
            env={**place.environment, "PYTHONPATH": paths},
            cwd=place.folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if done.returncode or "The same to the last byte" not in done.stdout:
            wrong.append(f"{name}: {done.stdout}{done.stderr}"[-500:])
    return len(chosen), wrong


@contextmanager
def estate(
    root: Path,
    *,
    postgres: Postgres | None = None,
    members: int = 3,
    node: str = "",
    anvil: Anvil | None = None,
    poll_s: float = 0.2,
    fleet: Fleet | None = None,
) -> Iterator[Estate]:
    """Deploy, admit a panel, and give its members what they need to run. Nobody runs yet.

    Args:
        root: folder for all files.
        postgres: gives each monitor a database of its own; None: SQLite files.
        members: size of the panel.
        node: address that the monitors are told in place of the chain's own.
        anvil: the chain, where it is started elsewhere.
        poll_s: pause between two looks of a monitor.
        fleet: where it is started elsewhere.
    """
    with ExitStack() as stack:
        if anvil is None:
            # Blocks come by themselves too, as on real chains: windows close and blocks become final.
            anvil = stack.enter_context(Anvil.start(extra=("--block-time", "1", "--mixed-mining")))
        fleet = fleet or stack.enter_context(Fleet())
        chain = deploy(anvil, config=_config(), votes=False)
        world = MonitorWorld(chain, root)
        keys = [*chain.monitors]
        while len(keys) < members:
            keys.append(Account.from_key((10**9 + len(keys)).to_bytes(32, "big")))
            chain.rpc("anvil_setBalance", keys[-1].address, hex(10**21))
        keys = keys[:members]
        for key in keys:
            functions = chain.contracts["MonitorRegistry"].functions
            chain.as_timelock(functions.admit(key.address, "monitor", ""))
        folders = [root / f"monitor-{place}" for place in range(members)]
        places = []
        for folder, key in zip(folders, keys, strict=True):
            settings = world.settings(folder.name)
            url = stack.enter_context(postgres.fresh()) if postgres else settings.store_url
            places.append(
                Place(
                    folder.name,
                    folder,
                    _environment(
                        key.key.hex(),
                        TRIBUNE_CHAIN__HTTP_URL=node or anvil.http_url,
                        TRIBUNE_CHAIN__TIMEOUT_S="5",
                        TRIBUNE_DEPLOYMENTS=str(settings.deployments),
                        TRIBUNE_STORE_URL=url,
                        TRIBUNE_EVIDENCE_URLS=_list([folder / "evidence"]),
                        TRIBUNE_EVIDENCE_READ_URLS=_list(
                            [world.steward_store, *(f / "evidence" for f in folders if f != folder)]
                        ),
                        TRIBUNE_LOG_FOLDER=str(world.log),
                        TRIBUNE_TALLY_FOLDER=str(folder / "tallies"),
                        TRIBUNE_FRAMES_POLL_S=str(poll_s),
                    ),
                )
            )
        yield Estate(world, fleet, places, keys)


def _environment(key: str, **settings: str) -> dict[str, str]:
    names = {"TRIBUNE_KEYS__MONITOR__ENV": "MONITOR_KEY", "MONITOR_KEY": key}
    return {"PATH": os.environ["PATH"], **settings, **names}


def _list(folders: Sequence[Path]) -> str:
    return "[" + ", ".join(f'"{folder}"' for folder in folders) + "]"


def _config() -> deployment_config.DeploymentConfig:
    """Return the local parameters, with a window and a vote that last longer than a frame is warped over."""
    holders = [Account.from_key(key).address for key in KEYS[2:7]]
    shares = zip(holders, (400_000, 250_000, 170_000, 100_000, 80_000), strict=True)
    config = deployment_config.load(LOCAL, tuple(Holder(address, tokens) for address, tokens in shares))
    return replace(
        config,
        switch=replace(config.switch, open_window_s=WINDOW_S),
        fast_lane=replace(config.fast_lane, voting_period_s=PERIOD_S),
    )
