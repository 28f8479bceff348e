"""New keystores opened by eth_account itself; files that everybody may read are refused."""

from __future__ import annotations

import json
import os
import resource
import stat
from pathlib import Path

import pytest

from tribune.exceptions import ConfigurationError
from tribune.keys import new_keystore, new_secret_file
from tribune.keys.keystore import read_secret

SESAME = "open sesame"


def test_new_keystore__opened_by_eth_account__is_the_key_of_that_address(tmp_path: Path) -> None:
    from eth_account import Account

    address = new_keystore(tmp_path / "key", SESAME)
    written = json.loads((tmp_path / "key").read_text())
    assert Account.from_key(Account.decrypt(written, SESAME)).address == address
    assert written["crypto"]["kdf"] == "scrypt"
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600


def test_new_keystore__under_an_open_umask__only_its_owner_may_read_it(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        new_secret_file(tmp_path / "secret")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600


@pytest.mark.parametrize("what", ["file", "folder", "link", "link to nothing"])
def test_new_keystore__something_is_there__is_left_as_it_is(tmp_path: Path, what: str) -> None:
    path, other = tmp_path / "key", tmp_path / "other"
    if what == "file":
        path.write_text("precious")
    elif what == "folder":
        path.mkdir()
    else:
        if what == "link":
            other.write_text("precious")
        path.symlink_to(other)
    with pytest.raises(ConfigurationError, match="exists already"):
        new_keystore(path, SESAME)
    with pytest.raises(ConfigurationError, match="exists already"):
        new_secret_file(path)
    assert all(file.read_text() == "precious" for file in (path, other) if file.is_file())
    assert path.is_dir() == (what == "folder")
    assert other.exists() == (what == "link")


def test_new_secret_file__another_process_is_first__its_file_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret").write_text("precious")
    monkeypatch.setattr("tribune.keys.keystore.refuse_existing", lambda _: None)  # it came just after
    with pytest.raises(ConfigurationError, match="FileExistsError"):
        new_secret_file(tmp_path / "secret")
    assert (tmp_path / "secret").read_text() == "precious"


def test_new_keystore__disk_full__leaves_no_half_of_it(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
    try:
        with pytest.raises(ConfigurationError, match="cannot be written"):
            new_secret_file(tmp_path / "secret")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


def test_new_keystore__short_password__is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="7 characters"):
        new_keystore(tmp_path / "key", "sesame!")
    assert list(tmp_path.iterdir()) == []


def test_new_secret_file__twice__two_passwords(tmp_path: Path) -> None:
    first, second = new_secret_file(tmp_path / "a"), new_secret_file(tmp_path / "b")
    assert first != second
    assert read_secret(tmp_path / "a", "secret") == first
    assert len(first) >= 43  # 256 bits in base64


@pytest.mark.parametrize("mode", [0o604, 0o644, 0o602, 0o666])
def test_read_secret__everybody_may_read_or_change_it__is_refused(tmp_path: Path, mode: int) -> None:
    (tmp_path / "secret").write_text(SESAME)
    (tmp_path / "secret").chmod(mode)
    with pytest.raises(ConfigurationError, match="Everybody") as caught:
        read_secret(tmp_path / "secret", "secret file")
    assert f"chmod o= {tmp_path / 'secret'}" in caught.value.mend
    assert SESAME not in str(caught.value)


@pytest.mark.parametrize("mode", [0o400, 0o600, 0o640])
def test_read_secret__owner_or_group_only__is_read(tmp_path: Path, mode: int) -> None:
    (tmp_path / "secret").write_text(f"{SESAME}\nsecond line\n")
    (tmp_path / "secret").chmod(mode)
    assert read_secret(tmp_path / "secret", "secret file") == SESAME


@pytest.mark.parametrize("data", [b"", b"\n", b"  \nx", b"\xff\xfe"])
def test_read_secret__nothing_on_its_first_line__configuration_error(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "secret").write_bytes(data)
    (tmp_path / "secret").chmod(0o600)
    with pytest.raises(ConfigurationError):
        read_secret(tmp_path / "secret", "secret file")
