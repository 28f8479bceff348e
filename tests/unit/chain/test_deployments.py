"""Files that say where contracts are."""

from __future__ import annotations

from pathlib import Path

import pytest

from tribune.chain import load_deployment
from tribune.exceptions import ConfigurationError


def test_load_deployment__missing__error_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="make demo"):
        load_deployment(tmp_path, 31337)


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"chain_id": 31337}', '{"chain_id":1,"block":0,"addresses":{}}']
)
def test_load_deployment__unusable_file__configuration_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "31337.json").write_text(text)
    with pytest.raises(ConfigurationError):
        load_deployment(tmp_path, 31337)
