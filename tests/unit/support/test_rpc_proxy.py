"""The misbehaving node misbehaves as it says, as a plain HTTP client sees it, and is well again when told."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from web3 import Web3

from support.anvil import KEYS, Anvil
from support.rpc_proxy import Fault, RpcProxy

TO = "0x" + "12" * 20


@pytest.fixture
def proxy(anvil: Anvil) -> Iterator[RpcProxy]:
    with RpcProxy(anvil.http_url) as made:
        yield made


def ask(url: str, method: str, *params: Any, timeout_s: float = 3.0) -> Any:
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=timeout_s) as response:  # noqa: S310
        return json.load(response).get("result")


def signed() -> str:
    from eth_account import Account

    fields = {"nonce": 0, "to": TO, "value": 1, "gas": 21_000, "chainId": 31337, "type": 2}
    fees = {"maxFeePerGas": 10**10, "maxPriorityFeePerGas": 10**9}
    raw: str = Account.from_key(KEYS[0]).sign_transaction({**fields, **fees}).raw_transaction.to_0x_hex()
    return raw


@pytest.mark.parametrize("fault", [Fault.DOWN, Fault.HTML, Fault.RATE_LIMITS, Fault.GARBAGE])
def test_be__fault_and_well_again__answers_on_the_same_port(fault: Fault, proxy: RpcProxy) -> None:
    port = proxy.port
    proxy.be(fault)
    try:
        said = ask(proxy.http_url, "eth_blockNumber")
    except (OSError, ValueError):
        said = None
    assert said != "0x0"
    proxy.well()
    assert proxy.port == port
    assert ask(proxy.http_url, "eth_blockNumber") == "0x0"


def test_be__down__refuses_connections(proxy: RpcProxy) -> None:
    proxy.be(Fault.DOWN)
    with pytest.raises(urllib.error.URLError, match="refused"):
        ask(proxy.http_url, "eth_blockNumber")


def test_be__silent__accepts_and_says_nothing(proxy: RpcProxy) -> None:
    proxy.be(Fault.SILENT)
    with pytest.raises(TimeoutError):
        ask(proxy.http_url, "eth_blockNumber", timeout_s=0.5)


@pytest.mark.alone
def test_be__slow_for_one_method__only_that_waits(proxy: RpcProxy) -> None:
    proxy.be(Fault.SLOW, 0.5, methods={"eth_chainId"})
    started = time.monotonic()
    ask(proxy.http_url, "eth_blockNumber")
    between = time.monotonic()
    assert between - started < 0.4
    ask(proxy.http_url, "eth_chainId")
    assert time.monotonic() - between >= 0.5


def test_be__lagging__answers_as_of_that_block(anvil: Anvil, proxy: RpcProxy) -> None:
    for _ in range(3):
        ask(anvil.http_url, "evm_mine")
    proxy.be(Fault.LAGGING, 1)
    tx_hash = ask(anvil.http_url, "eth_sendRawTransaction", signed())
    assert ask(proxy.http_url, "eth_blockNumber") == "0x2"
    assert ask(proxy.http_url, "eth_getBlockByNumber", "latest", False)["number"] == "0x2"
    assert ask(proxy.http_url, "eth_getBlockByNumber", "0x3", False) is None
    assert ask(proxy.http_url, "eth_getTransactionReceipt", tx_hash) is None
    assert ask(proxy.http_url, "eth_getBalance", TO, "latest") == "0x0"
    assert ask(anvil.http_url, "eth_getBalance", TO, "latest") == "0x1"


def test_be__forgets__answers_the_hash_and_the_node_never_hears_of_it(anvil: Anvil, proxy: RpcProxy) -> None:
    proxy.be(Fault.FORGETS)
    tx_hash = ask(proxy.http_url, "eth_sendRawTransaction", signed())
    assert ask(anvil.http_url, "eth_getTransactionByHash", tx_hash) is None
    assert ask(anvil.http_url, "eth_sendRawTransaction", signed()) == tx_hash


def test_be__loses_answer__the_node_has_the_transaction(anvil: Anvil, proxy: RpcProxy) -> None:
    proxy.be(Fault.LOSES_ANSWER)
    with pytest.raises(OSError, match=r"reset|closed"):
        ask(proxy.http_url, "eth_sendRawTransaction", signed())
    tx_hash = Web3.keccak(hexstr=signed()).to_0x_hex()
    assert ask(anvil.http_url, "eth_getTransactionByHash", tx_hash)["to"] == TO


def test_be__contradicts__second_look_names_another_hash(proxy: RpcProxy) -> None:
    proxy.be(Fault.CONTRADICTS)
    looks = [ask(proxy.http_url, "eth_getBlockByNumber", "0x0", False)["hash"] for _ in range(3)]
    assert looks[0] == looks[2] != looks[1]


async def test_start__used_within_a_running_loop__works(proxy: RpcProxy) -> None:
    assert await asyncio.to_thread(ask, proxy.http_url, "eth_chainId") == "0x7a69"
