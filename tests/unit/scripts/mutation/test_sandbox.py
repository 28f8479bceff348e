from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scripts.mutation.sandbox import Sandbox
from scripts.mutation.targets import Target
from tribune.exceptions import ConfigurationError

ROOT = Path(__file__).resolve().parents[4]
TARGET = Target("sample", "Sample", "sample")
CONTRACT = """// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;
contract Sample { function two() external pure returns (uint256) { return 2; } }
"""
TEST = """// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;
import {Sample} from "../../../contracts/Sample.sol";
contract SampleTest {
    bool public constant IS_TEST = true;
    function test_two__is_two() public { require(new Sample().two() == 2); }
}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("project")
    for folder in ("contracts", "tests/forge/unit", "tests/forge/support"):
        (root / folder).mkdir(parents=True)
    (root / "contracts/Sample.sol").write_text(CONTRACT)
    (root / "tests/forge/unit/Sample.t.sol").write_text(TEST)
    (root / "foundry.toml").write_text((ROOT / "foundry.toml").read_text())
    for folder in ("scripts", "node_modules"):
        (root / folder).symlink_to(ROOT / folder)
    return root


@pytest.fixture
def sandbox(project: Path) -> Iterator[Callable[[], Sandbox]]:
    """Open the same sandbox of a project with one contract and one test, and close it at the end."""
    forge = next(ROOT.glob("node_modules/@foundry-rs/forge-*/bin/forge"))
    opened = []

    def open_() -> Sandbox:
        opened.append(Sandbox(project, forge, 0))
        return opened[-1]

    yield open_
    for one in opened:
        one.close()


def _artifact(sandbox: Sandbox) -> Path:
    return sandbox.home / "build/forge/Sample.sol/Sample.json"


def _code(sandbox: Sandbox) -> str:
    return str(json.loads(_artifact(sandbox).read_text())["bytecode"]["object"]).removeprefix("0x")


def test_run__code_that_does_nothing__is_killed_and_taken_back(sandbox: Callable[[], Sandbox]) -> None:
    opened = sandbox()
    code = _code(opened)
    assert opened.run(TARGET, "fe", 60).killer == "test_two__is_two"
    assert _code(opened) == code
    assert not opened.run(TARGET, code, 60).killed


def test_sandbox__killed_amid_a_trial__heals(
    sandbox: Callable[[], Sandbox], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = sandbox()
    code = _code(opened)
    # What is on disk while the tests run is what a killed run leaves behind.
    left = {}

    def look(timeout_s: float) -> None:
        left.update({path: path.read_text() for path in _artifact(opened).parent.iterdir()})
        raise KeyboardInterrupt

    monkeypatch.setattr(opened, "_test", look)
    with pytest.raises(KeyboardInterrupt):
        opened.run(TARGET, "fe", 60)
    for path, text in left.items():
        path.write_text(text)
    assert _code(opened) == "fe"
    opened.close()
    healed = sandbox()
    assert _code(healed) == code
    assert not healed.run(TARGET, _code(healed), 60).killed


def test_sandbox__in_use__is_refused(sandbox: Callable[[], Sandbox]) -> None:
    sandbox()
    with pytest.raises(ConfigurationError, match="Another run"):
        sandbox()
