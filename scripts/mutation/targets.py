"""Which contracts are mutated, and their files. A mutant is of one file and changes one contract."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_FOLDER = Path("contracts/oversight")


@dataclass(frozen=True, slots=True)
class Target:
    """A deployed contract and the folder of its parts.

    Args:
        name: how people and results call it.
        contract: name of the contract that is deployed.
        parts: folder of its abstract parts and libraries, below the contract's own.
    """

    name: str
    contract: str
    parts: str

    @property
    def entry(self) -> str:
        """File of the deployed contract, relative to the project."""
        return (_FOLDER / f"{self.contract}.sol").as_posix()

    def files(self, root: Path) -> list[str]:
        """Return all files of the contract, relative to the project, its own first."""
        parts = sorted((root / _FOLDER / self.parts).glob("*.sol"))
        return [self.entry, *(path.relative_to(root).as_posix() for path in parts)]


TARGETS = (
    Target("hub", "ReportHub", "hub"),
    Target("switch", "KillSwitch", "switch"),
    Target("registry", "ModelRegistry", "registry"),
)
