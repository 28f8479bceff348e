from __future__ import annotations

import pytest

from scripts.deployment.plan import (
    ADMIN,
    HOLDERS,
    RESTRICTED,
    Call,
    Deploy,
    Ref,
    addresses,
    resolved,
    selector,
)
from support.anvil import Anvil
from support.chain import contract_types, deploy
from unit.scripts.deployment.samples import DEPLOYER, plan, where


def test_addresses__later_nonce__others() -> None:
    assert not set(addresses(plan(), DEPLOYER, 1).values()) & set(list(where().values())[:1])


def test_addresses__a_real_deployment__has_code_at_each(anvil: Anvil) -> None:
    chain = deploy(anvil, votes=False)
    assert {name: str(contract.address) for name, contract in chain.contracts.items()} == where()
    for name, address in where().items():
        assert len(chain.web3.eth.get_code(chain.web3.to_checksum_address(address))) > 100, name


def test_steps__last_two__hand_admin_over_and_give_it_up() -> None:
    last = [step for step in plan() if isinstance(step, Call)][-2:]
    assert [(step.function, step.arguments[:2]) for step in last] == [
        ("grantRole", (ADMIN, Ref("TribuneTimelock"))),
        ("renounceRole", (ADMIN, DEPLOYER)),
    ]


def test_steps__contracts__come_before_calls() -> None:
    kinds = [isinstance(step, Deploy) for step in plan()]
    assert kinds == sorted(kinds, reverse=True)


@pytest.mark.parametrize(
    ("contract", "function"),
    [(name, one) for targets in RESTRICTED.values() for name, all_ in targets.items() for one in all_],
)
def test_restricted__a_function__is_one_of_the_contract(contract: str, function: str) -> None:
    assert selector(function).hex() in {
        selector(signature_of(entry)).hex()
        for entry in contract_types()[contract]["abi"]
        if entry["type"] == "function"
    }


def test_holders__each_role__is_a_contract_of_the_plan() -> None:
    assert set(HOLDERS.values()) <= set(where())


def test_resolved__references_in_lists__replaced() -> None:
    assert resolved((1, [Ref("A"), "x"]), {"A": "0x1"}.__getitem__) == (1, ["0x1", "x"])


def signature_of(entry: dict[str, object]) -> str:
    return f"{entry['name']}({','.join(map(type_of, entry['inputs']))})"  # type: ignore[call-overload]


def type_of(argument: dict[str, object]) -> str:
    kind = str(argument["type"])
    if not kind.startswith("tuple"):
        return kind
    parts = ",".join(map(type_of, argument["components"]))  # type: ignore[call-overload]
    return f"({parts}){kind.removeprefix('tuple')}"
