"""Evidence in folders and by fsspec's own in-memory system; stores that hang, spoil or are full."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from tribune.exceptions import EvidenceError, EvidenceUnreachableError
from tribune.reports.canonical import canonical_bytes, cid, digest
from tribune.reports.evidence_store import (
    MAX_HANGING,
    get_named,
    put_named,
    read_evidence,
    read_from_any,
    write_everywhere,
    write_evidence,
)

DOCUMENT = {"rows": 3}
NAME = cid(digest(canonical_bytes(DOCUMENT)))
ATTESTATION = "attestations/31337/0xAb/1/2/3/00ff/0xcd.json"


class Hanging(MemoryFileSystem):  # type: ignore[misc]  # fsspec has no types
    """A real file system that does not answer until it is let go."""

    protocol = "hanging"
    store: ClassVar[dict[str, Any]] = {}
    pseudo_dirs: ClassVar[list[str]] = [""]
    go = threading.Event()

    def pipe_file(self, path: str, value: bytes, **kwargs: Any) -> None:
        self.go.wait(20)
        super().pipe_file(path, value, **kwargs)

    def cat_file(self, path: str, **kwargs: Any) -> bytes:
        self.go.wait(20)
        return bytes(super().cat_file(path, **kwargs))


class Spoiling(MemoryFileSystem):  # type: ignore[misc]  # fsspec has no types
    """A real file system whose disk changes a byte."""

    protocol = "spoiling"
    store: ClassVar[dict[str, Any]] = {}
    pseudo_dirs: ClassVar[list[str]] = [""]

    def pipe_file(self, path: str, value: bytes, **kwargs: Any) -> None:
        super().pipe_file(path, value[:-1] + b"!", **kwargs)


class Denying(MemoryFileSystem):  # type: ignore[misc]  # fsspec has no types
    """A real file system whose SDK repeats the credentials in what it says."""

    protocol = "denying"

    def pipe_file(self, path: str, value: bytes, **kwargs: Any) -> None:
        raise PermissionError("https://user:hunter2hunter2@bucket.example says no")


@pytest.fixture(autouse=True)
def file_systems() -> Iterator[None]:
    Hanging.go.clear()
    for kind in (Hanging, Spoiling, Denying):
        fsspec.register_implementation(kind.protocol, kind, clobber=True)
    yield
    Hanging.go.set()
    for kind in (MemoryFileSystem, Hanging, Spoiling):
        kind.store.clear()


def test_write_evidence__to_a_new_folder__reads_back_by_its_name(tmp_path: Path) -> None:
    assert write_evidence(tmp_path / "a" / "b", DOCUMENT) == NAME
    assert read_evidence(tmp_path / "a" / "b", NAME) == DOCUMENT


def test_write_evidence__twice__leaves_one_file(tmp_path: Path) -> None:
    assert write_evidence(tmp_path, DOCUMENT) == write_evidence(tmp_path, DOCUMENT)
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_write_evidence__over_a_spoilt_copy__mends_it(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"{}")
    write_evidence(tmp_path, DOCUMENT)
    assert read_evidence(tmp_path, NAME) == DOCUMENT


@pytest.mark.parametrize("address", ["memory://evidence", "memory://a/b/"])
def test_write_evidence__to_a_url__reads_back_by_its_name(address: str) -> None:
    assert write_evidence(address, DOCUMENT) == NAME
    assert read_evidence(address, NAME) == DOCUMENT


def test_write_evidence__file_address__is_that_folder(tmp_path: Path) -> None:
    write_evidence(f"file://{tmp_path}", DOCUMENT)
    assert read_evidence(tmp_path, NAME) == DOCUMENT


def test_write_evidence__folder_is_a_file__says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EvidenceUnreachableError, match="could not be written"):
        write_evidence(tmp_path / "file", {})


def test_write_evidence__store_changes_a_byte__says_so() -> None:
    with pytest.raises(EvidenceError, match="as it was written") as caught:
        write_evidence("spoiling://a", DOCUMENT)
    assert not isinstance(caught.value, EvidenceUnreachableError)


def test_write_evidence__sdk_repeats_credentials__error_does_not() -> None:
    with pytest.raises(EvidenceUnreachableError, match="says no") as caught:
        write_evidence("denying://a", DOCUMENT)
    assert "hunter2" not in str(caught.value)


def test_write_evidence__no_room_for_the_whole_file__leaves_nothing(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2048, hard))
    try:
        with pytest.raises(EvidenceUnreachableError, match="could not be written"):
            write_evidence(tmp_path, {"a": "x" * 4096})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 KiB of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("only root may mount a disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_write_evidence__disk_full__keeps_what_was_there_and_leaves_no_scrap(small_disk: Path) -> None:
    write_evidence(small_disk, DOCUMENT)
    with pytest.raises(EvidenceUnreachableError, match="No space left"):
        write_evidence(small_disk, {"a": "x" * 2**17})
    assert [path.name for path in small_disk.iterdir()] == [NAME]
    write_evidence(small_disk, {"a": "x" * 2**14})  # the scrap's room is free again


def test_write_evidence__read_only_disk__says_so_and_still_reads(small_disk: Path) -> None:
    write_evidence(small_disk, DOCUMENT)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(EvidenceUnreachableError, match="Read-only"):
        write_evidence(small_disk, {"rows": 4})
    assert read_evidence(small_disk, NAME) == DOCUMENT


@pytest.mark.alone
def test_write_everywhere__one_hangs_one_spoils_one_is_no_folder__the_others_have_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    stores: list[str | Path] = [
        tmp_path / "a",
        "hanging://x",
        tmp_path / "file",
        "spoiling://x",
        "memory://b",
    ]
    began = time.monotonic()
    copies = write_everywhere(stores, DOCUMENT, timeout_s=0.5)
    assert time.monotonic() - began < 2
    assert copies.written == (0, 4)
    assert sorted(copies.failed) == [1, 2, 3]
    assert "within 0.5 s" in str(copies.failed[1])
    assert read_evidence("memory://b", NAME) == read_evidence(tmp_path / "a", NAME) == DOCUMENT


@pytest.mark.alone
def test_write_everywhere__several_slow_stores__waits_for_all_at_once() -> None:
    began = time.monotonic()
    copies = write_everywhere([f"hanging://{i}" for i in range(6)], DOCUMENT, timeout_s=0.4)
    assert time.monotonic() - began < 1.5
    assert copies.written == ()


def test_write_everywhere__no_stores__nobody_has_it() -> None:
    assert write_everywhere([], DOCUMENT) == ((), {})


def test_write_everywhere__store_that_hangs_for_long__is_not_waited_for_by_ever_more_threads() -> None:
    for _ in range(MAX_HANGING):
        write_everywhere(["hanging://long"], DOCUMENT, timeout_s=0.02)
    threads = threading.active_count()
    copies = write_everywhere(["hanging://long"], DOCUMENT, timeout_s=0.02)
    assert "answered none" in str(copies.failed[0])
    assert threading.active_count() == threads
    Hanging.go.set()
    time.sleep(0.2)
    assert write_everywhere(["hanging://long"], DOCUMENT, timeout_s=5).written == (0,)


def test_read_evidence__missing__is_an_error_not_an_empty_document(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="is not in this store"):
        read_evidence(tmp_path, NAME)


def test_read_evidence__changed_on_disk__is_refused(tmp_path: Path) -> None:
    write_evidence(tmp_path, DOCUMENT)
    (tmp_path / NAME).write_bytes(b'{"rows":4}')
    with pytest.raises(EvidenceError, match="sha-256 differs"):
        read_evidence(tmp_path, NAME)


def test_read_evidence__a_path_for_a_name__is_refused(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="not the name"):
        read_evidence(tmp_path, "../secret")


def test_read_evidence__store_hangs__gives_up_in_time() -> None:
    with pytest.raises(EvidenceUnreachableError, match=r"within 0\.05 s"):
        read_evidence("hanging://x", NAME, timeout_s=0.05)


def test_read_evidence__a_pipe_in_its_place__is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / NAME)
    with pytest.raises(EvidenceUnreachableError, match="is not a file"):
        read_evidence(tmp_path, NAME, timeout_s=5)


def test_read_from_any__first_store_lacks_or_spoils_it__the_next_serves(tmp_path: Path) -> None:
    write_evidence(tmp_path / "good", DOCUMENT)
    (tmp_path / "spoilt").mkdir()
    (tmp_path / "spoilt" / NAME).write_bytes(b"{}")
    stores = [tmp_path / "empty", tmp_path / "spoilt", tmp_path / "good"]
    assert read_from_any(stores, NAME, EvidenceError("nowhere")) == DOCUMENT


def test_read_from_any__nowhere__raises_what_the_caller_says(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="nowhere"):
        read_from_any([tmp_path / "empty", "memory://empty"], NAME, EvidenceError("nowhere"))


def test_read_from_any__spoilt_and_nowhere_else__says_that_it_is_spoilt(tmp_path: Path) -> None:
    write_evidence(tmp_path / "spoilt", DOCUMENT)
    (tmp_path / "spoilt" / NAME).write_bytes(b"{}")
    with pytest.raises(EvidenceError, match="not that document"):
        read_from_any([tmp_path / "spoilt", tmp_path / "empty"], NAME, EvidenceError("nowhere"))


@pytest.mark.parametrize("store", ["folder", "memory://named"])
def test_put_named__then_again__the_second_is_read(
    store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    put_named(store, ATTESTATION, b"first, and longer")
    put_named(store, ATTESTATION, b"second")
    assert get_named(store, ATTESTATION, limit=100) == b"second"


@pytest.mark.parametrize("store", ["folder", "memory://named"])
def test_get_named__nothing_there__is_none(
    store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert get_named(store, ATTESTATION, limit=100) is None


@pytest.mark.parametrize("store", ["folder", "memory://named"])
@pytest.mark.parametrize(("limit", "allowed"), [(6, True), (5, False), (0, False)])
def test_get_named__more_than_the_limit__is_refused_as_such(
    store: str, limit: int, allowed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    put_named(store, ATTESTATION, b"second")
    if allowed:
        assert get_named(store, ATTESTATION, limit=limit) == b"second"
        return
    with pytest.raises(EvidenceError, match="larger than") as caught:
        get_named(store, ATTESTATION, limit=limit)
    assert not isinstance(caught.value, EvidenceUnreachableError)


def test_get_named__part_of_the_path_is_a_file__could_not_look(tmp_path: Path) -> None:
    (tmp_path / "attestations").write_text("")
    with pytest.raises(EvidenceUnreachableError):
        get_named(tmp_path, ATTESTATION, limit=100)


@pytest.mark.parametrize(
    "name",
    [
        *("", "/", "/etc/passwd", "../x", "a/../../x", "a//b", "a/.hidden", "a/", "a\\..\\b", "a\0b", "a\n"),
        *("a/%2e%2e/b", "é", "a b", "a?b", "a#b", "x" * 200, "/".join(["abcdefghi"] * 60)),
    ],
)
def test_named__name_that_could_lead_elsewhere__is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="cannot be the name"):
        put_named(tmp_path / "store", name, b"x")
    with pytest.raises(EvidenceError, match="cannot be the name"):
        get_named(tmp_path / "store", name, limit=10)
    assert list(tmp_path.iterdir()) == []


def test_named__folder_inside_leads_out_of_the_store__is_refused(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "x.json").write_bytes(b"secret")
    (tmp_path / "store" / "attestations").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(EvidenceUnreachableError, match="leads out"):
        get_named(tmp_path / "store", "attestations/x.json", limit=100)
    with pytest.raises(EvidenceUnreachableError, match="leads out"):
        put_named(tmp_path / "store", "attestations/y.json", b"y")
    assert not (tmp_path / "elsewhere" / "y.json").exists()


def test_put_named__many_at_once_under_one_name__one_is_read_whole(tmp_path: Path) -> None:
    bodies = [bytes([65 + i]) * 20_000 for i in range(8)]
    seen: list[bytes | None] = []

    def write(body: bytes) -> None:
        for _ in range(10):
            with contextlib.suppress(EvidenceError):  # another's body was read back
                put_named(tmp_path, ATTESTATION, body)
            seen.append(get_named(tmp_path, ATTESTATION, limit=30_000))

    threads = [threading.Thread(target=write, args=(body,)) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 80
    assert set(seen) <= set(bodies)
