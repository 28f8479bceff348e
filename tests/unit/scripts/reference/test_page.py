"""The contract reference on a small contract of its own: nothing of ours, no compiler."""

from __future__ import annotations

from typing import Any

import pytest

from scripts.reference.members import members
from scripts.reference.page import gaps, index, page
from scripts.reference.sources import Sources

SOURCE = """
/// @notice How a thing is.
enum Mood {
    Calm,
    /// Not for long.
    Wild
}

/// @notice A thing.
struct Thing {
    /// Its {Mood} | now.
    Mood mood;
    uint256 size;
}

/**
 * @title Base
 * @notice What boxes share.
 *
 * Decisions
 * - One a house.
 */
abstract contract Base {
    /// @notice Owner of it all.
    address public immutable owner;
}

/**
 * @title Box
 * @notice Keeps things. And more.
 * @dev Cheaply.
 */
contract Box is Base, Other(1) {
    /// @notice A thing was put in.
    event Put(uint256 indexed id, Thing thing);
    error BoxFull(uint256 id);

    /// @notice Puts a thing in.
    function put(Thing calldata thing) external returns (uint256 id) {}

    function count() external view returns (uint256) {}
}
"""
THING = {
    "name": "thing",
    "type": "tuple",
    "internalType": "struct Lib.Thing",
    "components": [
        {"name": "mood", "type": "uint8", "internalType": "enum Mood"},
        {"name": "size", "type": "uint256", "internalType": "uint256"},
    ],
}
ID = {"name": "id", "type": "uint256", "internalType": "uint256"}
COUNT = {"name": "", "type": "uint256", "internalType": "uint256"}
OWNER = {"name": "", "type": "address", "internalType": "address"}


def function(name: str, inputs: list[Any], outputs: list[Any], mutability: str = "view") -> dict[str, Any]:
    return {
        "type": "function",
        "name": name,
        "inputs": inputs,
        "outputs": outputs,
        "stateMutability": mutability,
    }


@pytest.fixture
def sources() -> Sources:
    return Sources({"contracts/things/Box.sol": SOURCE})


@pytest.fixture
def box() -> dict[str, Any]:
    """As ape's build has a contract."""
    return {
        "abi": [
            {"type": "constructor", "inputs": []},
            function("put", [THING], [ID], "nonpayable"),
            function("count", [], [COUNT]),
            function("owner", [], [OWNER]),
            function("name", [], [COUNT]),
            {"type": "event", "name": "Put", "inputs": [ID | {"indexed": True}, THING]},
            {"type": "error", "name": "BoxFull", "inputs": [ID]},
        ],
        "userdoc": {
            "methods": {
                "put((uint8,uint256))": {"notice": "Puts a {Thing} in."},
                "owner()": {"notice": "Owner of it all."},
            },
            "events": {"Put(uint256,(uint8,uint256))": {"notice": "A thing was put in."}},
            "errors": {"BoxFull(uint256)": [{"notice": "No room."}]},
        },
        "devdoc": {
            "methods": {
                "put((uint8,uint256))": {
                    "details": "Once.",
                    "params": {"thing": "What to keep."},
                    "returns": {"id": "Its place."},
                },
                "name()": {"details": "Name of the token. Of the library."},
            }
        },
    }


def test_members__compiled_contract__signatures_as_in_solidity(box: dict[str, Any]) -> None:
    assert [member.signature for member in members(box)] == [
        "error BoxFull(uint256 id)",
        "function count() view returns (uint256)",
        "function name() view returns (uint256)",
        "function owner() view returns (address)",
        "event Put(uint256 indexed id, Thing thing)",
        "function put(Thing thing) returns (uint256 id)",
    ]


def test_page__member_with_natspec__all_of_it(box: dict[str, Any], sources: Sources) -> None:
    text = page("Box", box, sources)
    assert "Puts a `Thing` in.\n\nOnce.\n\n- `thing`: What to keep.\n- returns `id`: Its place." in text
    assert "### BoxFull\n\n```solidity\nerror BoxFull(uint256 id)\n```\n\nNo room." in text


def test_page__contract__title_text_and_parts(box: dict[str, Any], sources: Sources) -> None:
    text = page("Box", box, sources)
    assert text.startswith(
        "# Box\n\n`contracts/things/Box.sol`\n\nKeeps things. And more.\n\nCheaply.\n\n## Base"
    )
    assert "What boxes share.\n\n**Decisions**\n\n- One a house." in text


def test_page__struct_and_enum__fields_with_their_comments(box: dict[str, Any], sources: Sources) -> None:
    text = page("Box", box, sources)
    assert "| mood | `Mood` | Its `Mood` \\| now. |\n| size | `uint256` |  |" in text
    assert "| 0 | Calm |  |\n| 1 | Wild | Not for long. |" in text


def test_page__member_of_a_library__in_the_table_at_the_end(box: dict[str, Any], sources: Sources) -> None:
    text = page("Box", box, sources)
    assert text.endswith("| `function name() view returns (uint256)` | Name of the token. |\n")
    assert "### name" not in text


def test_gaps__our_member_that_says_nothing__named(box: dict[str, Any], sources: Sources) -> None:
    assert gaps("Box", box, sources) == ["Box.count"]


def test_gaps__contract_that_says_nothing__named(box: dict[str, Any]) -> None:
    bare = Sources({"contracts/Box.sol": "contract Box {\n}\n"})
    assert gaps("Box", box, bare) == ["Box"]


def test_index__contract__first_sentence(sources: Sources) -> None:
    assert "## things\n\n- [Box](Box.md): Keeps things.\n" in index(["Box"], sources)


def test_sources_of__folder__without_mocks(tmp_path: Any) -> None:
    for folder in ("things", "mocks"):
        (tmp_path / "contracts" / folder).mkdir(parents=True)
        (tmp_path / "contracts" / folder / "Box.sol").write_text(SOURCE)
    assert list(Sources.of(tmp_path).files) == ["contracts/things/Box.sol"]
