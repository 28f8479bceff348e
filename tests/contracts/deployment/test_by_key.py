"""A deployment by one key: interrupted anywhere, with foreign transactions, a reorganisation, other files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import ape
import pytest

from contracts.calls import refused, rpc
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
from scripts.deployment.run import by_key, dry_run
from tribune.exceptions import ConfigurationError

CREATIONS, STEPS = 11, 28


class Stop(Exception):
    """The process ends here."""


class Deployment:
    """A deployment of a folder by a key, which can be made to stop."""

    def __init__(self, folder: Path, account: Any, **options: Any) -> None:
        self.folder, self.account = folder, account
        self.config = configured(folder, **{"token": own_token(account), **options})
        self.said: list[str] = []

    @property
    def partial(self) -> Path:
        return self.folder / "records" / f"{node().chain_id}.partial.json"

    @property
    def record(self) -> record.Record:
        return record.read(self.folder / "records", node().chain_id)[0]

    def run(self, *, stop_after: int | None = None, anew: bool = False) -> list[str]:
        """Run it; stop once `stop_after` steps of this run were said to be done."""
        self.said = []
        done = 0

        def say(line: str) -> None:
            nonlocal done
            self.said.append(line)
            done += line.startswith(
                ("create ", "PolicyBook.", "ModelRegistry.", "KillSwitch.", "Tribune", "PauseGovernor.")
            )
            if done == stop_after:
                raise Stop

        by_key(self.config, node(), self.account, self.folder / "records", anew, say)
        return self.said


def done_in(path: Path) -> int:
    return len(json.loads(path.read_text())["done"])


def test_by_key__uninterrupted__passes_the_check_and_leaves_no_partial(tmp_path: Path, deployer: Any) -> None:
    deployment = Deployment(tmp_path, deployer)
    assert deployment.run()[-1] == "Keys with admin rights: none"
    assert not deployment.partial.exists()
    assert deployer.nonce == STEPS


@pytest.mark.parametrize("steps", [1, CREATIONS, STEPS - 1, STEPS])
def test_by_key__stopped_after_a_step__goes_on_there(tmp_path: Path, deployer: Any, steps: int) -> None:
    deployment = Deployment(tmp_path, deployer)
    with pytest.raises(Stop):
        deployment.run(stop_after=steps)
    assert done_in(deployment.partial) == steps
    said = deployment.run()
    assert said[0].startswith(f"Going on after {steps} of {STEPS} steps")
    assert said[-1] == "Keys with admin rights: none"
    assert deployer.nonce == STEPS  # nothing was sent twice


def test_by_key__sent_and_not_noted__found_again(tmp_path: Path, deployer: Any) -> None:
    deployment = Deployment(tmp_path, deployer)
    with pytest.raises(Stop):
        deployment.run(stop_after=5)
    kept = json.loads(deployment.partial.read_text())
    kept["sending"] = kept["done"].pop()["tx"]
    deployment.partial.write_text(json.dumps(kept))
    assert deployment.run()[1].endswith("was sent before, and is mined")
    assert deployer.nonce == STEPS


def test_by_key__noted_and_never_sent__sent(tmp_path: Path, deployer: Any) -> None:
    deployment = Deployment(tmp_path, deployer)
    with pytest.raises(Stop):
        deployment.run(stop_after=5)
    kept = json.loads(deployment.partial.read_text())
    kept["sending"] = "0x" + "12" * 32
    deployment.partial.write_text(json.dumps(kept))
    assert deployment.run()[-1] == "Keys with admin rights: none"


@pytest.mark.parametrize("steps", [3, CREATIONS + 3])
def test_by_key__reorganisation__sends_again_what_was_lost(tmp_path: Path, deployer: Any, steps: int) -> None:
    deployment = Deployment(tmp_path, deployer)
    with pytest.raises(Stop):
        deployment.run(stop_after=steps)
    rpc("anvil_rollback", 2)
    said = deployment.run()
    assert said[1].startswith(f"The chain took back from step {steps - 1} on")
    assert said[-1] == "Keys with admin rights: none"


def test_by_key__foreign_transaction_between_creations__refused(tmp_path: Path, deployer: Any) -> None:
    deployment = Deployment(tmp_path, deployer)
    with pytest.raises(Stop):
        deployment.run(stop_after=4)
    deployer.transfer(deployer, 1)
    with pytest.raises(ConfigurationError, match="Another transaction of"):
        deployment.run()


def test_by_key__foreign_transaction_between_calls__goes_on(tmp_path: Path, deployer: Any) -> None:
    deployment = Deployment(tmp_path, deployer)
    with pytest.raises(Stop):
        deployment.run(stop_after=CREATIONS)
    deployer.transfer(deployer, 1)
    assert deployment.run()[-1] == "Keys with admin rights: none"


def test_by_key__anew__begins_with_other_addresses(tmp_path: Path, deployer: Any) -> None:
    deployment = Deployment(tmp_path, deployer)
    with pytest.raises(Stop):
        deployment.run(stop_after=4)
    given_up = deployment.said[0].rpartition(" ")[2]
    assert deployment.run(anew=True)[-1] == "Keys with admin rights: none"
    assert given_up not in deployment.record.addresses.values()


def test_by_key__configuration_changed__refused(tmp_path: Path, deployer: Any) -> None:
    with pytest.raises(Stop):
        Deployment(tmp_path, deployer).run(stop_after=4)
    changed = Deployment(tmp_path, deployer, token=own_token(deployer, deployer))
    with pytest.raises(ConfigurationError, match="changed since the deployment"):
        changed.run()


def test_by_key__another_key__refused(tmp_path: Path, deployer: Any) -> None:
    deployment = Deployment(tmp_path, deployer)
    with pytest.raises(Stop):
        deployment.run(stop_after=4)
    deployment.account = ape.accounts.test_accounts[0]
    with pytest.raises(ConfigurationError, match="was begun by"):
        deployment.run()


def test_by_key__partial_not_of_its_form__refused(tmp_path: Path, deployer: Any) -> None:
    deployment = Deployment(tmp_path, deployer)
    deployment.partial.parent.mkdir()
    deployment.partial.write_text('{"done": 1}')
    with pytest.raises(ConfigurationError, match="is not of its form"):
        deployment.run()


def test_by_key__executive_guardian_and_existing_token__hold_what_they_should(
    tmp_path: Path, deployer: Any
) -> None:
    executive, guardian, token = party(EXECUTIVE), party(GUARDIAN), existing_token([deployer])
    deployment = Deployment(
        tmp_path, deployer, token=f'address = "{token.address}"', executive=EXECUTIVE, guardian=GUARDIAN
    )
    said = deployment.run()
    assert said[-1] == "Keys with admin rights: none"
    where = deployment.record.addresses
    assert not {"OversightGovernor", "TribuneTimelock"} & set(where)
    switch = ape.project.KillSwitch.at(where["KillSwitch"])
    governor = ape.project.PauseGovernor.at(where["PauseGovernor"])
    assert (governor.executive(), governor.token()) == (EXECUTIVE, token.address)
    refused("AccessManagedUnauthorized", switch.retire, 1, sender=deployer)
    refused("AccessManagedUnauthorized", switch.guardianHalt, sender=executive)
    switch.guardianHalt(sender=guardian)
    switch.retire(1, sender=executive)


def test_dry_run__by_a_key__names_every_step_and_sends_nothing(tmp_path: Path, deployer: Any) -> None:
    said: list[str] = []
    dry_run(configured(tmp_path, token=own_token(deployer)), node(), str(deployer), said.append)
    assert len([line for line in said if line.lstrip()[0].isdigit()]) == STEPS
    assert (said[-1], deployer.nonce) == ("Nothing was sent.", 0)


def test_by_key__wrapped_token__its_depositors_vote_in_seconds(tmp_path: Path, deployer: Any) -> None:
    underlying = existing_token([deployer])
    lines = f'wrap = "{underlying.address}"\nname = "Voting DAO"\nsymbol = "vDAO"'
    deployment = Deployment(tmp_path, deployer, token=lines)
    assert deployment.run()[-1] == "Keys with admin rights: none"
    wrapped = ape.project.TribuneWrappedToken.at(deployment.record.addresses["TribuneToken"])
    underlying.approve(wrapped, 7, sender=deployer)
    wrapped.depositFor(deployer, 7, sender=deployer)
    wrapped.invoke_transaction("delegate", str(deployer), sender=deployer)
    assert (wrapped.CLOCK_MODE(), wrapped.getVotes(deployer)) == ("mode=timestamp", 7)
    governor = ape.project.PauseGovernor.at(deployment.record.addresses["PauseGovernor"])
    assert governor.token() == wrapped.address
