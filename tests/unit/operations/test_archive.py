"""A backup is whole or not there, for its owner only, and is read as if a stranger had brought it."""

from __future__ import annotations

import io
import json
import stat
import tarfile
from pathlib import Path

import pytest

from tribune.exceptions import ConfigurationError
from tribune.operations.archive import MANIFEST, SETTINGS, Archive, read_archive, write_archive

FILES = {"stores/main.jsonl": b"one\ntwo\n", "deployments/31337.json": b"{}", SETTINGS: b"seal = []\n"}


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "b.backup"
    write_archive(path, Archive(FILES, {"made_at": "now", "revision": "0001"}))
    return path


def entries(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as tar:
        return {entry.name: tar.extractfile(entry).read() for entry in tar}  # type: ignore[union-attr]


def rewritten(path: Path, files: dict[str, bytes], *links: str) -> Path:
    with tarfile.open(path, mode="w:gz") as tar:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
        for name in links:
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
            tar.addfile(link)
    return path


def test_read_archive__as_written__is_the_same(written: Path) -> None:
    found = read_archive(written)
    assert found.files == FILES
    assert (found.facts["made_at"], found.below("deployments")) == ("now", {"31337.json": b"{}"})


def test_write_archive__a_new_file__is_its_owners_only(written: Path) -> None:
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    assert list(written.parent.iterdir()) == [written]


def test_write_archive__there_already__left_as_it_is(written: Path) -> None:
    before = written.read_bytes()
    with pytest.raises(ConfigurationError, match="is there already"):
        write_archive(written, Archive({}, {}))
    assert written.read_bytes() == before


def test_write_archive__no_room_for_it__says_so_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be written"):
        write_archive(tmp_path / "none" / "b.backup", Archive(FILES, {}))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "name",
    ["../evil", "/etc/x", "stores/../x.jsonl", "stores/other.jsonl", "deployments/x.json", "monitor.key"],
)
def test_read_archive__a_name_that_no_backup_has__refused(written: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match="which no backup does"):
        read_archive(rewritten(written, {**entries(written), name: b"x"}))


def test_read_archive__a_link__refused(written: Path) -> None:
    with pytest.raises(ConfigurationError, match="which no backup does"):
        read_archive(rewritten(written, entries(written), "deployments/1.json"))


def test_read_archive__a_file_was_changed__named(written: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"stores/main.jsonl was changed"):
        read_archive(rewritten(written, {**entries(written), "stores/main.jsonl": b"other"}))


def test_read_archive__a_file_is_missing__refused(written: Path) -> None:
    files = entries(written)
    del files[SETTINGS]
    with pytest.raises(ConfigurationError, match="missing or were added"):
        read_archive(rewritten(written, files))


def test_read_archive__no_or_another_manifest__refused(written: Path) -> None:
    files = entries(written)
    other = json.loads(files[MANIFEST]) | {"schema": "x"}
    with pytest.raises(ConfigurationError, match="another form"):
        read_archive(rewritten(written, {**files, MANIFEST: json.dumps(other).encode()}))
    del files[MANIFEST]
    with pytest.raises(ConfigurationError, match="no manifest"):
        read_archive(rewritten(written, files))


@pytest.mark.parametrize("keep", [0, 1, 40, 200])
def test_read_archive__cut_off__refused(written: Path, keep: int) -> None:
    written.write_bytes(written.read_bytes()[:keep])
    with pytest.raises(ConfigurationError, match="cannot be used as a backup"):
        read_archive(written)


def test_read_archive__a_byte_turned__refused(written: Path) -> None:
    data = bytearray(written.read_bytes())
    data[len(data) // 2] ^= 1
    written.write_bytes(bytes(data))
    with pytest.raises(ConfigurationError, match="cannot be used as a backup"):
        read_archive(written)
