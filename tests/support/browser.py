"""Headless Chromium for tests of pages, with a wallet put into it. Nothing leaves the machine.

The wallet's keys stay in the test: the page asks it by EIP-1193, and it signs with eth_account.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eth_account.messages import encode_defunct

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount
    from playwright.async_api import Browser, Page

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
SKIP_REASON = "needs Chromium: install Debian's `chromium`, or name an executable in CHROMIUM_EXECUTABLE"
FLAGS = (
    "--no-sandbox",  # tests often run as root in a container, where Chromium's sandbox cannot
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
PHONE = {"width": 375, "height": 740}
DESKTOP = {"width": 1280, "height": 900}


def find_chromium() -> Path | None:
    """Return a Chromium executable, None where there is none."""
    named = os.environ.get("CHROMIUM_EXECUTABLE")
    if named:
        return Path(named) if Path(named).is_file() else None
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    return Path(found) if found else None


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Start a headless Chromium; it is closed at the end."""
    from playwright.async_api import async_playwright

    path = find_chromium()
    if path is None:
        raise RuntimeError(SKIP_REASON)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        try:
            yield browser
        finally:
            await browser.close()


@dataclass
class Wallet:
    """A wallet in the page: EIP-1193, announced by EIP-6963, or found as `window.ethereum`.

    Args:
        account: whose key signs.
        chain_id: the chain it begins on.
        known_chains: chains it can be switched to.
        announced: by EIP-6963; else it is `window.ethereum`.
        declines: refuse to sign.
    """

    account: LocalAccount
    chain_id: int = 31337
    known_chains: tuple[int, ...] = (1, 31337)
    announced: bool = True
    declines: bool = False
    asked: list[str] = field(default_factory=list)
    """Methods that the page asked for, in order."""

    async def enter(self, page: Page) -> None:
        """Put the wallet into a page, before it is opened."""
        await page.expose_function("walletRequest", self._answer)
        await page.add_init_script(_SCRIPT.replace("ANNOUNCED", json.dumps(self.announced)))

    def _answer(self, method: str, parameters: list[Any] | None) -> dict[str, Any]:
        self.asked.append(method)
        handlers: dict[str, Callable[..., Any]] = {
            "eth_requestAccounts": lambda: [self.account.address.lower()],
            "eth_accounts": lambda: [self.account.address.lower()],
            "eth_chainId": lambda: hex(self.chain_id),
            "wallet_switchEthereumChain": self._switch,
            "eth_signTypedData_v4": self._sign_typed_data,
            "personal_sign": self._sign_message,
        }
        if method not in handlers:
            return {"error": {"code": 4200, "message": f"{method} is not supported"}}
        try:
            return {"result": handlers[method](*(parameters or []))}
        except _Refusal as refusal:
            return {"error": {"code": refusal.code, "message": refusal.message}}

    def _switch(self, parameters: dict[str, str]) -> None:
        wanted = int(parameters["chainId"], 16)
        if wanted not in self.known_chains:
            raise _Refusal(4902, "Unrecognized chain")
        self.chain_id = wanted

    def _sign_typed_data(self, account: str, data: str) -> str:
        self._may_sign(account)
        message = json.loads(data)
        if message["domain"]["chainId"] != self.chain_id:
            raise _Refusal(-32602, "Provided chainId must match the active chainId")
        return "0x" + bytes(self.account.sign_typed_data(full_message=message).signature).hex()

    def _sign_message(self, data: str, account: str) -> str:
        self._may_sign(account)
        message = encode_defunct(hexstr=data)
        return "0x" + bytes(self.account.sign_message(message).signature).hex()

    def _may_sign(self, account: str) -> None:
        assert account.lower() == self.account.address.lower()
        if self.declines:
            raise _Refusal(4001, "User rejected the request.")


class _Refusal(Exception):
    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


_SCRIPT = """
(() => {
  const listeners = {};
  const provider = {
    on: (name, listener) => { (listeners[name] ??= []).push(listener); },
    async request({ method, params }) {
      const answer = await window.walletRequest(method, params ?? []);
      if (answer.error) throw Object.assign(new Error(answer.error.message), { code: answer.error.code });
      if (method === "wallet_switchEthereumChain") {
        for (const listener of listeners.chainChanged ?? []) listener(params[0].chainId);
      }
      return answer.result ?? null;
    },
  };
  if (!ANNOUNCED) { window.ethereum = provider; return; }
  const detail = Object.freeze({
    info: Object.freeze({
      uuid: "3b1d2c1e-0000-4000-8000-000000000001", name: "Test Wallet", icon: "data:,", rdns: "example.test",
    }),
    provider,
  });
  const announce = () => window.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail }));
  window.addEventListener("eip6963:requestProvider", announce);
  announce();
})();
"""
