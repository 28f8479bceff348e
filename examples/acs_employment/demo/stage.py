"""What the demo stands on: folders, addresses, and the environment of each process."""

from __future__ import annotations

import json
import math
import os
import shutil
import socket
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from examples.acs_employment.demo.actors import VOTERS, Actors, key_environment
from examples.acs_employment.demo.local_chain import LocalChain
from examples.acs_employment.demo.processes import ROOT, Processes
from tribune.settings import Settings, load_settings

CHAIN_ID = 31337
SLOWER = 2
"""How many times as long as the first monitors' start a later one's may take: more starts at once by then."""


@dataclass
class Stage:
    """The demo's surroundings; `folder` is emptied at the start.

    Args:
        folder: of all that a run leaves behind.
        local: the chain.
        actors: everybody with a key.
        deployments: where the addresses of the contracts are written and read.
        wallets: whether people get to the pages where the wallets of the demo are.
    """

    folder: Path
    local: LocalChain
    actors: Actors
    deployments: Path = ROOT / "deployments"
    wallets: bool = False
    processes: Processes = field(init=False)
    web_port: int = field(init=False)
    wallets_port: int = field(init=False)
    served: str = ""
    """Address of the model's server that was started last."""

    def __post_init__(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.processes = Processes(self.folder / "logs")
        self.web_port, self.wallets_port = free_port(), free_port()

    @property
    def site(self) -> str:
        """Address of the pages, as people open them."""
        return f"http://127.0.0.1:{self.wallets_port}" if self.wallets else self.pages

    @property
    def pages(self) -> str:
        """Address of the pages as they are."""
        return f"http://127.0.0.1:{self.web_port}"

    @property
    def discord_folder(self) -> Path:
        """Where the stand-in Discord says how to reach it."""
        return self.folder / "discord"

    @property
    def receipt_key(self) -> Path:
        """Where the key is that signs receipts."""
        return self.folder / "receipt.key"

    @property
    def receipt_certificate(self) -> Path:
        """Where that key's certificate is, which is public."""
        return self.folder / "receipt.key.json"

    @property
    def real_discord(self) -> bool:
        """Whether the bot speaks to Discord itself."""
        return bool(os.environ.get("DISCORD_TOKEN"))

    def environment(self, name: str) -> dict[str, str]:
        """Return what every process of ours is told; none of it is secret."""
        own = self.folder / name
        return {
            "TRIBUNE_CHAIN__HTTP_URL": self.local.anvil.http_url,
            "TRIBUNE_CHAIN__WS_URL": self.local.anvil.ws_url,
            "TRIBUNE_CHAIN__CHAIN_ID": str(CHAIN_ID),
            "TRIBUNE_DEPLOYMENTS": str(self.deployments),
            "TRIBUNE_STORE_URL": f"sqlite:///{own}.db",
            "TRIBUNE_TALLY_FOLDER": f"{own}-tallies",
            "TRIBUNE_LOG_FOLDER": str(self.folder / "log"),
            "TRIBUNE_FRAMES_POLL_S": "0.4",
            "TRIBUNE_WEB__PORT": str(self.web_port),
            "TRIBUNE_WEB__PUBLIC_URL": self.site,
            "TRIBUNE_EVIDENCE_URLS": json.dumps(self.stores),
        }

    @property
    def stores(self) -> list[str]:
        """Evidence stores of steward and monitors, for all who read them."""
        monitors = [str(self.folder / name / "evidence") for name in self.actors.monitors]
        return [str(self.folder / "steward"), *monitors]

    def settings(self) -> Settings:
        """Return the settings with which the demo itself looks at the chain."""
        environment = self.environment("demo")
        return load_settings(
            chain={
                "http_url": environment["TRIBUNE_CHAIN__HTTP_URL"],
                "ws_url": environment["TRIBUNE_CHAIN__WS_URL"],
                "chain_id": CHAIN_ID,
            },
            deployments=self.deployments,
        )

    def start_discord(self) -> None:
        """Start the stand-in Discord, unless the bot is to speak to Discord itself."""
        if self.real_discord:
            return
        command = ["-m", "support.discord", "--folder", str(self.discord_folder), "--users", ",".join(VOTERS)]
        command += ["--channels", "oversight,proposals", "--roles", "voters,stewards"]
        self.processes.start("discord", command, {"PYTHONPATH": str(ROOT / "tests")})

    def start_monitor(self, name: str) -> None:
        """Start a monitor with its own key, store, evidence folder and number of threads."""
        environment = self.environment(name)
        environment["TRIBUNE_EVIDENCE_URLS"] = json.dumps([str(self.folder / name / "evidence")])
        environment["TRIBUNE_EVIDENCE_READ_URLS"] = json.dumps(self.stores)
        threads = 1 + list(self.actors.monitors).index(name)  # the result must not depend on it
        environment["TRIBUNE_MONITOR__THREADS"] = str(threads)
        key = key_environment("monitor", self.actors.monitors[name])
        self.processes.start(f"monitor-{name}", ["-m", "tribune.cli", "monitor", "run"], environment | key)

    def monitors_ready_s(self) -> float:
        """Return when the last monitor was ready, unix seconds; a guess while one is still starting.

        On a busy machine a start takes several times as long: the first ones' tell how busy this one is.
        """
        started, ready = {}, {}
        for name in self.actors.monitors:
            process = self.processes.running[f"monitor-{name}"]
            started[name] = process.started_s
            for line in process.log.read_text().split("\n")[:-1]:
                if '"monitor ready"' in line:
                    ready[name] = datetime.fromisoformat(json.loads(line)["timestamp"]).timestamp()
                    break
        slowest_s = max((ready[name] - started[name] for name in ready), default=math.inf)
        return max(ready.get(name, started[name] + SLOWER * slowest_s) for name in started)

    def start_pages(self) -> None:
        """Start the ballot pages."""
        self.processes.start("web", ["-m", "tribune.cli", "web"], self.environment("people"))

    def start_bot(self) -> None:
        """Start the bot, which shares its store with the pages."""
        environment = self.environment("people") | key_environment("relayer", self.actors.relayer)
        if not self.real_discord:
            ports = json.loads((self.discord_folder / "ports.json").read_text())
            environment |= {
                "TRIBUNE_DISCORD__GUILD_ID": str(ports["guild_id"]),
                "TRIBUNE_DISCORD__CHANNEL_ID": str(ports["channel_id"]),
                "TRIBUNE_DISCORD__TOKEN_FILE": str(self.discord_folder / ports["token_file"]),
                "TRIBUNE_DISCORD__CONNECT_HOST": "127.0.0.1",
                "TRIBUNE_DISCORD__CONNECT_PORT": str(ports["rest_port"]),
                "TRIBUNE_DISCORD__CA_FILE": str(self.discord_folder / ports["ca"]),
            }
        self.processes.start("bot", ["-m", "tribune.cli", "bot", "run"], environment)

    def start_server(self, card: str, model_id: int, version: int, port: int) -> Path:
        """Start a version's gated server; returns the file that says that it serves."""
        ready = self.folder / f"server-v{version}.ready"
        command = [
            "-m",
            "examples.acs_employment.serve",
            card,
            str(model_id),
            str(version),
            str(port),
            str(ready),
        ]
        environment = self.environment(f"server-v{version}")
        environment["TRIBUNE_GATE__LOG__RECEIPT_KEY"] = str(self.receipt_key)
        environment["TRIBUNE_GATE__LOG__RECEIPT_CERTIFICATE"] = str(self.receipt_certificate)
        self.processes.start(f"server-v{version}", command, environment)
        self.served = f"http://127.0.0.1:{port}"
        return ready

    def start_logger(self, model_id: int, version: int) -> None:
        """Start the process that seals and anchors a version's log."""
        environment = self.environment(f"logger-v{version}") | key_environment("logger", self.actors.logger)
        command = ["-m", "tribune.cli", "log", "seal"]
        command += ["--model", str(model_id), "--version", str(version)]
        self.processes.start(f"logger-v{version}", command, environment)


def free_port() -> int:
    """Return a port that is free on loopback at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])
