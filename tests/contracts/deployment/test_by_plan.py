"""A deployment that an executive carries out from files: every transaction of the plan, on a real chain."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import ape
import pytest

from contracts.calls import impersonated, refused, rpc
from contracts.deployment.places import (
    EXECUTIVE,
    GUARDIAN,
    configured,
    existing_token,
    node,
    own_token,
    party,
)
from scripts.deployment import record
from scripts.deployment.encoding import FACTORY
from scripts.deployment.run import by_plan
from scripts.deployment.safe_batch import checksum
from scripts.deployment.verify import UnsafeDeploymentError, verify
from tribune.exceptions import ConfigurationError


def planned(folder: Path, deployer: Any, **options: Any) -> list[str]:
    said: list[str] = []
    config = configured(
        folder, token=own_token(deployer), executive=EXECUTIVE, guardian=options.pop("guardian", None)
    )
    salt, account = options.pop("salt", ""), options.pop("account", None)
    by_plan(config, node(), folder / "plan", salt, account, said.append)
    assert not options
    return said


def batches(folder: Path, pattern: str) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted((folder / "plan").glob(pattern))]


def carry_out(batch: dict[str, Any], sender: Any) -> None:
    rpc("anvil_impersonateAccount", str(sender))
    for one in batch["transactions"]:
        sent = rpc(
            "eth_sendTransaction",
            {"from": str(sender), "to": one["to"], "data": one["data"], "gas": hex(16_000_000)},
        )
        receipt = ape.chain.provider.web3.eth.wait_for_transaction_receipt(sent)
        assert receipt["status"] == 1, one


def verified(folder: Path) -> str:
    said: list[str] = []
    verify(node(), record.read(folder, node().chain_id)[0], said.append)
    return "\n".join(said)


def test_by_plan__safe_batches_carried_out__passes_the_check(tmp_path: Path, deployer: Any) -> None:
    executive = party(EXECUTIVE)
    party(GUARDIAN)
    planned(tmp_path, deployer, guardian=GUARDIAN)
    for batch in [*batches(tmp_path, "1-contracts-*.json"), *batches(tmp_path, "2-roles.json")]:
        carry_out(batch, executive)
    said = verified(tmp_path / "plan")
    assert f"ADMIN     executive {executive.address}" in said
    assert f"GUARDIAN  {ape.networks.ecosystem.decode_address(int(GUARDIAN, 16))}" in said


def test_by_plan__proposal_carried_out__passes_the_check(tmp_path: Path, deployer: Any) -> None:
    executive = party(EXECUTIVE)
    planned(tmp_path, deployer)
    for batch in batches(tmp_path, "1-contracts-*.json"):
        carry_out(batch, deployer)  # anyone may create
    (proposal,) = batches(tmp_path, "2-roles.proposal.json")
    calls = zip(proposal["targets"], proposal["calldatas"], strict=True)
    carry_out({"transactions": [{"to": to, "data": data} for to, data in calls]}, executive)
    assert "Keys with admin rights: none" in verified(tmp_path / "plan")


def test_by_plan__proposal__is_what_a_governor_takes(tmp_path: Path, deployer: Any, built: Any) -> None:
    party(EXECUTIVE)
    planned(tmp_path, deployer)
    (found,) = batches(tmp_path, "2-roles.proposal.json")
    data = bytes.fromhex(found["proposeCalldata"][2:])
    _, decoded = built.oversight.decode_input(data)
    assert [str(one) for one in decoded["targets"]] == found["targets"]
    assert [str(one) for one in decoded["values"]] == found["values"]
    assert ["0x" + bytes(one).hex() for one in decoded["calldatas"]] == found["calldatas"]
    assert decoded["description"] == found["description"]


def test_by_plan__safe_batches__have_the_builders_shape_and_checksum(tmp_path: Path, deployer: Any) -> None:
    party(EXECUTIVE)
    planned(tmp_path, deployer)
    for batch in batches(tmp_path, "[12]-*[0-9s].json"):
        assert (batch["version"], batch["chainId"]) == ("1.0", str(node().chain_id))
        assert isinstance(batch["createdAt"], int)
        assert batch["meta"]["checksum"] == checksum(batch)
        keys = {"to", "value", "data", "contractMethod", "contractInputsValues"}
        assert all(set(one) == keys and one["value"] == "0" for one in batch["transactions"])


def test_by_plan__creations__each_batch_fits_a_transaction(tmp_path: Path, deployer: Any) -> None:
    party(EXECUTIVE)
    planned(tmp_path, deployer)
    for batch in batches(tmp_path, "1-contracts-*.json"):
        used = 0
        for one in batch["transactions"]:
            used += int(rpc("eth_estimateGas", {"from": EXECUTIVE, "to": one["to"], "data": one["data"]}), 16)
            carry_out({"transactions": [one]}, deployer)
        assert used < 2**24


def test_by_plan__stranger_creates_first__same_contracts_and_the_next_plan_leaves_them_out(
    tmp_path: Path, deployer: Any
) -> None:
    executive = party(EXECUTIVE)
    planned(tmp_path, deployer)
    stranger = ape.accounts.test_accounts[3]
    for batch in batches(tmp_path, "1-contracts-*.json"):
        carry_out(batch, stranger)
    planned(tmp_path, deployer)
    assert batches(tmp_path, "1-contracts-*.json") == []
    (roles,) = batches(tmp_path, "2-roles.json")
    carry_out(roles, executive)
    assert "Keys with admin rights: none" in verified(tmp_path / "plan")


def test_by_plan__between_creation_and_roles__nobody_but_the_executive_may_act(
    tmp_path: Path, deployer: Any
) -> None:
    executive = party(EXECUTIVE)
    planned(tmp_path, deployer)
    for batch in batches(tmp_path, "1-contracts-*.json"):
        carry_out(batch, deployer)
    where = record.read(tmp_path / "plan", node().chain_id)[0].addresses
    manager = ape.project.TribuneAccessManager.at(where["TribuneAccessManager"])
    switch = ape.project.KillSwitch.at(where["KillSwitch"])
    assert manager.hasRole(0, executive)[0]
    for who in (deployer, impersonated(FACTORY), impersonated(where["PauseGovernor"])):
        assert not manager.hasRole(0, who)[0]
        refused("AccessManagerUnauthorizedAccount", manager.grantRole, 0, who, 0, sender=who)
        refused("AccessManagedUnauthorized", switch.setVoteSpan, 1, sender=who)
        refused("AccessManagedUnauthorized", switch.retire, 1, sender=who)


def test_by_plan__roles_not_given_out__fails_the_check(tmp_path: Path, deployer: Any) -> None:
    party(EXECUTIVE)
    planned(tmp_path, deployer)
    for batch in batches(tmp_path, "1-contracts-*.json"):
        carry_out(batch, deployer)
    with pytest.raises(UnsafeDeploymentError, match="PAUSE is not held by PauseGovernor"):
        verified(tmp_path / "plan")


def test_by_plan__with_an_account__creates_and_leaves_the_roles(tmp_path: Path, deployer: Any) -> None:
    executive = party(EXECUTIVE)
    said = planned(tmp_path, deployer, account=deployer)
    assert any(line.startswith("create KillSwitch at 0x") for line in said)
    assert batches(tmp_path, "1-contracts-*.json") == []
    (roles,) = batches(tmp_path, "2-roles.json")
    carry_out(roles, executive)
    assert "Keys with admin rights: none" in verified(tmp_path / "plan")


def test_by_plan__another_salt__other_addresses(tmp_path: Path, deployer: Any) -> None:
    party(EXECUTIVE)
    planned(tmp_path, deployer)
    first = record.read(tmp_path / "plan", node().chain_id)[0].addresses
    planned(tmp_path, deployer, salt="second")
    second = record.read(tmp_path / "plan", node().chain_id)[0].addresses
    assert not set(first.values()) & set(second.values())


def test_by_plan__another_executive__other_addresses(tmp_path: Path, deployer: Any) -> None:
    """So nobody can put a manager with another ADMIN where ours is to be."""
    party(EXECUTIVE)
    planned(tmp_path, deployer)
    first = record.read(tmp_path / "plan", node().chain_id)[0].addresses
    config = configured(tmp_path, token=own_token(deployer), executive=str(deployer))
    by_plan(config, node(), tmp_path / "other", "", None, lambda _: None)
    other = record.read(tmp_path / "other", node().chain_id)[0].addresses
    assert first["TribuneAccessManager"] != other["TribuneAccessManager"]


def test_by_plan__existing_token__not_created(tmp_path: Path, deployer: Any) -> None:
    executive = party(EXECUTIVE)
    token = existing_token([deployer])
    config = configured(tmp_path, token=f'address = "{token.address}"', executive=EXECUTIVE)
    by_plan(config, node(), tmp_path / "plan", "", deployer, lambda _: None)
    (roles,) = batches(tmp_path, "2-roles.json")
    carry_out(roles, executive)
    found = record.read(tmp_path / "plan", node().chain_id)[0]
    assert found.addresses["TribuneToken"] == token.address
    assert "Keys with admin rights: none" in verified(tmp_path / "plan")


def test_by_plan__no_executive__refused(tmp_path: Path, deployer: Any) -> None:
    config = configured(tmp_path, token=own_token(deployer))
    with pytest.raises(ConfigurationError, match=r"\[executive\]"):
        by_plan(config, node(), tmp_path / "plan", "", None, lambda _: None)


def test_by_plan__no_factory__refused(tmp_path: Path, deployer: Any) -> None:
    party(EXECUTIVE)
    rpc("anvil_setCode", FACTORY, "0x")
    with pytest.raises(ConfigurationError, match="deterministic deployment proxy"):
        planned(tmp_path, deployer)
