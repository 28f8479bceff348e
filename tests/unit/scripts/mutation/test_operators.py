from __future__ import annotations

from pathlib import Path

import pytest

from scripts.mutation.compiler import Compiler
from scripts.mutation.mutant import described
from scripts.mutation.operators import edits, enums_in
from tribune.exceptions import ConfigurationError

ROOT = Path(__file__).resolve().parents[4]
CONTRACT = """// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// x < 1: not ours, but two bytes a letter: ä.
contract Sample {
    enum Colour { Red, Green }
    event Seen(uint256 x);
    error Low(uint256 x);
    uint256 private _x;
    uint256 private _y;
    Colour private _colour;

    modifier restricted() { _; }

    function relation(uint256 a, uint256 b) external pure returns (bool) {
        return a < b;
    }
    function connective(bool a, bool b) external pure returns (bool) {
        return a && !b;
    }
    function demand(uint256 a, bool b) external pure {
        require(b, Low(a + 1));
    }
    function add(uint256 a) external returns (uint256) {
        _x += a;
        return _x;
    }
    function pair(uint256 a, uint256 b) external {
        (_x, _y) = (a, b);
    }
    function paint() external restricted {
        _colour = Colour.Red;
    }
    function most() external pure returns (uint256) {
        return type(uint256).max;
    }
    function walk(uint256 n) external {
        for (uint256 i = 0; i < n; ++i) emit Seen(n);
    }
    function early(bool a) external pure returns (uint256) {
        if (a) return 5;
        return 12;
    }
}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("project")
    (root / "Sample.sol").write_text(CONTRACT)
    (root / "foundry.toml").write_text((ROOT / "foundry.toml").read_text())
    (root / "scripts").symlink_to(ROOT / "scripts")
    return root


@pytest.fixture(scope="module")
def found(project: Path) -> dict[str, set[str]]:
    """Lines that the mutants of each function have."""
    with Compiler(project) as compiler:
        trees = compiler.trees("Sample.sol")
    source, lines = CONTRACT.encode(), dict[str, set[str]]()
    for place, edit in edits(trees["Sample.sol"], source, enums_in(trees)):
        lines.setdefault(place.function, set()).add(described(source, edit)[2])
    return lines


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ("relation", {"return a <= b;", "return a >= b;"}),
        ("connective", {"return a || !b;", "return !a && !b;", "return a && b;", "return !(a && !b);"}),
        ("demand", {"{}", "require(!b, Low(a + 1));"}),
        ("add", {"{}", "_x = a;", "_x -= a;", "return 0;"}),
        ("pair", {"{}", "(, _y) = (a, b);", "(_x, ) = (a, b);"}),
        ("paint", {"{}", "_colour = Colour.Green;", "function paint() external {"}),
        ("most", {"return 0;"}),
        (
            "early",
            {"if (!a) return 5;", "if (a) {}", "if (a) return 6;", "if (a) return 4;", "return (12 + 1);"},
        ),
    ],
)
def test_edits__of_a_function__are_these(
    found: dict[str, set[str]], function: str, expected: set[str]
) -> None:
    assert found[function] == expected


def test_edits__of_a_loop__leave_its_step(found: dict[str, set[str]]) -> None:
    assert "for (uint256 i = 0; i < n; ++i) {}" in found["walk"]
    assert not any("--i" in line for line in found["walk"])


def test_edits__outside_functions__none(found: dict[str, set[str]]) -> None:
    assert "" not in found


def test_bytecode__replaced_file__another(project: Path) -> None:
    with Compiler(project) as compiler:
        original = compiler.bytecode("Sample.sol", "Sample", {})
        other = compiler.bytecode("Sample.sol", "Sample", {"Sample.sol": CONTRACT.replace("a < b", "a <= b")})
    assert original is not None
    assert other not in (None, original)


def test_bytecode__not_compiling__none(project: Path) -> None:
    with Compiler(project) as compiler:
        assert compiler.bytecode("Sample.sol", "Sample", {"Sample.sol": "contract {"}) is None


def test_trees__not_compiling__says_so(project: Path) -> None:
    (project / "Broken.sol").write_text("contract {")
    with Compiler(project) as compiler, pytest.raises(ConfigurationError, match="does not compile"):
        compiler.trees("Broken.sol")
