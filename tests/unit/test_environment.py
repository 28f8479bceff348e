"""What a child process gets of our variables: all but what is hidden, whatever comes and goes meanwhile."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

import pytest

from tribune.environment import without


class Fleeting(Mapping[str, str]):
    """Variables of which one is taken away as soon as its name was read, as numpy's are by a thread."""

    def __init__(self) -> None:
        self.kept = {"OPENBLAS_MAIN_FREE": "1", "HOME": "/home/dao", "MY_KEY": "secret"}

    def __iter__(self) -> Iterator[str]:
        names = list(self.kept)
        self.kept.pop("OPENBLAS_MAIN_FREE", None)
        return iter(names)

    def __getitem__(self, name: str) -> str:
        return self.kept[name]

    def __len__(self) -> int:
        return len(self.kept)


def test_without__variable_gone_while_we_look__the_others_but_for_the_hidden(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patched:  # pytest writes into the environment itself after the test
        patched.setattr(os, "environ", Fleeting())
        found = without({"MY_KEY"})
    assert found == {"HOME": "/home/dao"}
