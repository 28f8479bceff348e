from __future__ import annotations

from pathlib import Path

import pytest

from scripts.coverage_check import main, read, share, table

GOOD = """TN:
SF:contracts/a/A.sol
DA:3,2
DA:4,1
BRDA:4,0,0,1
BRDA:4,0,1,-
end_of_record
SF:contracts/mocks/M.sol
DA:1,0
end_of_record
SF:node_modules/x.sol
DA:1,0
end_of_record
SF:contracts/interfaces/I.sol
end_of_record
"""


def test_read__counts_our_own_files_only() -> None:
    files = read(GOOD.splitlines())
    assert list(files) == ["contracts/a/A.sol"]
    assert files["contracts/a/A.sol"].lines == {3: 2, 4: 1}
    assert files["contracts/a/A.sol"].branches == {(4, 0, 0): 1, (4, 0, 1): 0}


def test_read__file_named_twice__adds_up() -> None:
    files = read(["SF:contracts/A.sol", "DA:1,0", "SF:contracts/A.sol", "DA:1,3"])
    assert files["contracts/A.sol"].lines == {1: 3}


def test_share__of_counts__is_reached_and_all() -> None:
    assert share([0, 1, 5]) == (2, 3)


def test_table__branch_not_taken__is_below_the_goal_and_named() -> None:
    rows, met = table(read(GOOD.splitlines()))
    assert not met
    assert rows[0].endswith("  4")
    assert "2/2 100%" in rows[-1]
    assert "1/2  50%" in rows[-1]


def test_table__nothing_measured__is_not_met() -> None:
    assert table({})[1] is False


@pytest.mark.parametrize(("missing", "code"), [(2, 0), (3, 1)])
def test_main__at_98_percent__passes_and_below_fails(tmp_path: Path, missing: int, code: int) -> None:
    lines = "".join(f"DA:{i},{int(i >= missing)}\n" for i in range(100))
    path = tmp_path / "lcov.info"
    path.write_text(f"SF:contracts/A.sol\n{lines}end_of_record\n")
    assert main([str(path)]) == code
