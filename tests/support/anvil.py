"""A real local chain for tests: starts anvil's native binary and stops it by its process id.

Starts the binary itself, never the `.bin/anvil` wrapper (killing the wrapper leaves the chain running),
listens on 127.0.0.1 on a port that anvil picks, and holds nothing when it is stopped.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[2]
START_LIMIT_S = 20.0
STOP_LIMIT_S = 5.0

CHAIN_ID = 31337
KEPT_STATES = ("--prune-history", "100000")
"""All blocks' states stay in memory; 7,000 take 50 MB. By default anvil writes all but 500 to disk, leaves
them there when it ends, and after a reorganisation that needs one of those it has no contract any more."""

KEYS: tuple[str, ...] = (
    # Public development keys of anvil's default mnemonic ("test test … junk"): worth nothing anywhere.
    "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
    "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
    "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
    "0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6",
    "0x47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a",
    "0x8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba",
    "0x92db14e403b83dfe3df233f83dfa3a0d7096f21ca9b0d6d6b8d88b2b4ec1564e",
    "0x4bbbf85ce3377467afe5d46f804f221813b2bb87f24d81f60f1fcdbf7cbf4356",
    "0xdbda1821b80551c9d65939329250298aa3472ba22feea921c0cf5d620ea67b97",
    "0x2a871d0798f97d79848a013d4936a73bf4cc922c825d33c1cf7073dff6d409c6",
)
RELAYER_KEY = "0x" + sha256(b"who pays in tests, and does nothing else").hexdigest()
"""Of an account of the bot's own: another sender of the same account would take its nonces."""


def find_binary() -> Path | None:
    """Return anvil's native binary for this platform, or None where it is not installed."""
    found = sorted((ROOT / "node_modules" / "@foundry-rs").glob("anvil-*/bin/anvil"))
    return found[0] if found else None


@dataclass
class Anvil:
    """A running anvil. Use as a context manager, or call `stop()`."""

    process: subprocess.Popen[str]
    port: int
    options: tuple[str, ...] = ()
    _output: IO[str] | None = field(default=None, repr=False)

    @classmethod
    def start(
        cls,
        *,
        block_time: float | None = None,
        port: int = 0,
        chain_id: int = CHAIN_ID,
        accounts: int = 10,
        timestamp: int | None = None,
        extra: tuple[str, ...] = (),
    ) -> Anvil:
        """Start anvil and return when it listens.

        Args:
            block_time: seconds between blocks; None mines at each transaction.
            port: a fixed port, for a restart in the same place; 0 picks a free one.
            chain_id: the chain id that it answers with.
            accounts: funded accounts; the keys of the first ten are `KEYS`.
            timestamp: genesis time in seconds.
            extra: further command-line options.

        Raises:
            RuntimeError: the binary is missing, or anvil ended or did not listen in time.
        """
        binary = find_binary()
        if binary is None:
            raise RuntimeError("anvil is not installed: run `make setup` (npm ci) first")
        options = ["--host", "127.0.0.1", "--port", str(port), "--chain-id", str(chain_id)]
        options += ["--accounts", str(accounts)]
        if block_time is not None:
            options += ["--block-time", str(block_time)]
        if timestamp is not None:
            options += ["--timestamp", str(timestamp)]
        options += list(extra)
        process = subprocess.Popen(
            [str(binary), *KEPT_STATES, *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "NO_COLOR": "1"},
        )
        try:
            return cls(process, _wait_for_port(process), tuple(options), process.stdout)
        except BaseException:
            process.kill()
            process.wait(STOP_LIMIT_S)
            raise

    @property
    def http_url(self) -> str:
        """The JSON-RPC address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws_url(self) -> str:
        """The websocket address."""
        return f"ws://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The process id of anvil itself."""
        return self.process.pid

    def stop(self, *, kill: bool = False) -> None:
        """End the process (SIGTERM, or SIGKILL with `kill`) and wait for it; twice is harmless."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
            try:
                self.process.wait(STOP_LIMIT_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(STOP_LIMIT_S)
        if self._output is not None:
            self._output.close()
            self._output = None

    def pause(self) -> None:
        """Freeze the process, so that connections stay open and nothing answers."""
        self.process.send_signal(signal.SIGSTOP)

    def unpause(self) -> None:
        """Let a frozen process go on."""
        self.process.send_signal(signal.SIGCONT)

    def __enter__(self) -> Anvil:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGCONT) if self.process.poll() is None else None
        self.stop()


def _wait_for_port(process: subprocess.Popen[str]) -> int:
    """Read anvil's start message up to "Listening on" and return the port."""
    assert process.stdout is not None
    deadline = time.monotonic() + START_LIMIT_S
    seen: list[str] = []
    while time.monotonic() < deadline:
        line = process.stdout.readline()
        if not line:
            break
        seen.append(line)
        match = re.search(r"Listening on [\d.]+:(\d+)", line)
        if match:
            _drain(process.stdout)
            return int(match.group(1))
    raise RuntimeError("anvil did not start: " + "".join(seen)[-400:])


def _drain(stream: IO[str]) -> None:
    """Keep reading so that anvil never blocks on a full pipe."""
    import threading

    def read() -> None:
        try:
            for _ in stream:
                pass
        except ValueError:  # closed by stop()
            return

    threading.Thread(target=read, daemon=True).start()
