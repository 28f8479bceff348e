"""Headless Chromium for tests of pages, with a wallet put into it. Nothing leaves the machine.

The wallet's keys stay in the test: the page asks it by EIP-1193, and it signs with eth_account.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
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
PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1280, "height": 800}


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
        name: how it announces itself; the wallets of one page have different names.
        address: what it gives as its account where that is not the key's: a contract wallet, or a lie.
        chain_id: the chain it begins on.
        known_chains: chains it can be switched to.
        announced: by EIP-6963; else it is `window.ethereum`.
        declines: refuse to sign.
    """

    account: LocalAccount
    name: str = "Test Wallet"
    address: str = ""
    chain_id: int = 31337
    known_chains: tuple[int, ...] = (1, 31337)
    announced: bool = True
    declines: bool = False
    asked: list[str] = field(default_factory=list)
    """Methods that the page asked for, in order."""
    added: list[dict[str, Any]] = field(default_factory=list)
    """Chains that the page asked to add."""
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)
    """While it is not set, whoever holds the wallet has not answered its question yet."""

    def __post_init__(self) -> None:
        self.address = self.address or self.account.address
        self.may_answer.set()

    @property
    def place(self) -> str:
        """Name of what the page calls."""
        return "wallet_" + re.sub(r"\W", "_", self.name)

    async def enter(self, page: Page) -> None:
        """Put the wallet into a page, before it is opened."""
        await page.expose_function(self.place, self._answer)
        given = {"ANNOUNCED": self.announced, "NAME": self.name, "PLACE": self.place}
        script = _SCRIPT
        for word, value in given.items():
            script = script.replace(word, json.dumps(value))
        await page.add_init_script(script)

    async def change_account(self, page: Page, account: LocalAccount | None) -> None:
        """Let its holder choose another account, or none."""
        if account is not None:
            self.account, self.address = account, account.address
        await self._tell(page, "accountsChanged", [] if account is None else [self.address])

    async def change_chain(self, page: Page, chain_id: int) -> None:
        """Let its holder choose another chain."""
        self.chain_id = chain_id
        await self._tell(page, "chainChanged", hex(chain_id))

    async def _tell(self, page: Page, event: str, value: object) -> None:
        await page.evaluate(
            "([place, event, value]) => window[place + '_tell'](event, value)", [self.place, event, value]
        )

    async def _answer(self, method: str, parameters: list[Any] | None) -> dict[str, Any]:
        self.asked.append(method)
        handlers: dict[str, Callable[..., Any]] = {
            "eth_requestAccounts": lambda: [self.address.lower()],
            "eth_accounts": lambda: [self.address.lower()],
            "eth_chainId": lambda: hex(self.chain_id),
            "wallet_switchEthereumChain": self._switch,
            "wallet_addEthereumChain": self._add,
            "eth_signTypedData_v4": self._sign_typed_data,
            "personal_sign": self._sign_message,
        }
        if method not in handlers:
            return {"error": {"code": 4200, "message": f"{method} is not supported"}}
        try:
            result = handlers[method](*(parameters or []))
            if method in ("eth_signTypedData_v4", "personal_sign"):
                await self.may_answer.wait()
            return {"result": result}
        except _Refusal as refusal:
            return {"error": {"code": refusal.code, "message": refusal.message}}

    def _switch(self, parameters: dict[str, str]) -> None:
        wanted = int(parameters["chainId"], 16)
        if wanted not in self.known_chains:
            raise _Refusal(4902, "Unrecognized chain")
        self.chain_id = wanted

    def _add(self, parameters: dict[str, Any]) -> None:
        self.added.append(parameters)
        self.known_chains += (int(parameters["chainId"], 16),)

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
        assert account.lower() == self.address.lower()
        if self.declines:
            raise _Refusal(4001, "User rejected the request.")


class _Refusal(Exception):
    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


_SCRIPT = """
(() => {
  const listeners = {};
  const tell = (event, value) => { for (const listener of listeners[event] ?? []) listener(value); };
  window[PLACE + "_tell"] = tell;
  const provider = {
    on: (name, listener) => { (listeners[name] ??= []).push(listener); },
    async request({ method, params }) {
      const answer = await window[PLACE](method, params ?? []);
      if (answer.error) throw Object.assign(new Error(answer.error.message), { code: answer.error.code });
      if (method === "wallet_switchEthereumChain") tell("chainChanged", params[0].chainId);
      return answer.result ?? null;
    },
  };
  if (!ANNOUNCED) { window.ethereum = provider; return; }
  const detail = Object.freeze({
    info: Object.freeze({ uuid: crypto.randomUUID(), name: NAME, icon: "data:,", rdns: "example.test" }),
    provider,
  });
  const announce = () => window.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail }));
  window.addEventListener("eip6963:requestProvider", announce);
  announce();
})();
"""
