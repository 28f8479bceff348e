"""The chain as pages name it to people and to their wallets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tribune.language import _, marked

if TYPE_CHECKING:
    from tribune.settings import WebSettings

LOCAL_CHAIN = 31337
"""The id that anvil and hardhat give a chain of their own."""


@dataclass(frozen=True)
class Network:
    """A chain.

    Args:
        chain_id: its id.
        name: what people call it.
        coin: symbol of what its fees are paid with.
        explorer: address of a site that shows its transactions at /tx/…; empty: none is known.
        add: parameters of `wallet_addEthereumChain` (EIP-3085) without the id; None: no node may be named.
    """

    chain_id: int
    name: str
    coin: str = "ETH"
    explorer: str = ""
    add: dict[str, Any] | None = None

    @classmethod
    def of(cls, chain_id: int, web: WebSettings) -> Network:
        """Return what the settings say of the chain; only what is public is ever told."""
        name = web.chain_name or (
            marked("local test chain") if chain_id == LOCAL_CHAIN else f"chain {chain_id}"
        )
        explorer = (web.explorer_url or "").rstrip("/")
        add = None
        if web.wallet_rpc_url:
            add = {
                "chainName": name,
                "nativeCurrency": {"name": web.coin, "symbol": web.coin, "decimals": 18},
                "rpcUrls": [web.wallet_rpc_url],
            }
            if explorer:
                add["blockExplorerUrls"] = [explorer]
        return cls(chain_id, name, web.coin, explorer, add)

    @property
    def told(self) -> dict[str, Any]:
        """Return what static/wallet.js reads."""
        return {"chain_id": self.chain_id, "name": self.shown, "add": self.add}

    @property
    def shown(self) -> str:
        """Return its name in the language that is spoken."""
        return _(self.name)
