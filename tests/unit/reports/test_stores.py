"""Stores beyond this machine, against a real S3-compatible server and a real web server, both on loopback."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping

import pytest

from support.file_server import FileServer, file_server
from support.s3 import BUCKET, SECRET, s3_server
from tribune.exceptions import EvidenceError, EvidenceUnreachableError
from tribune.reports.canonical import canonical_bytes, cid, digest
from tribune.reports.evidence_store import (
    get_named,
    put_named,
    read_evidence,
    write_everywhere,
    write_evidence,
)

DOCUMENT = {"rows": 3}
DATA = canonical_bytes(DOCUMENT)
NAME = cid(digest(DATA))
ATTESTATION = "attestations/31337/0xAb/1/2/3/00ff/0xcd.json"


@pytest.fixture(scope="module")
def s3() -> Iterator[Mapping[str, str]]:
    with s3_server() as environment:
        yield environment


@pytest.fixture
def bucket(s3: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    import s3fs

    for name, value in s3.items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    yield f"s3://{BUCKET}/monitor"
    s3fs.S3FileSystem.clear_instance_cache()


def test_s3__evidence__is_written_verified_and_read(bucket: str) -> None:
    assert write_evidence(bucket, DOCUMENT) == NAME
    assert read_evidence(bucket, NAME) == DOCUMENT


def test_s3__nothing_there__is_none(bucket: str) -> None:
    assert get_named(bucket, "attestations/none.json", limit=100) is None


def test_s3__looked_at_before_it_was_written_elsewhere__is_found(bucket: str) -> None:
    assert get_named(bucket, "later.json", limit=100) is None
    import s3fs

    s3fs.S3FileSystem(skip_instance_cache=True).pipe_file(f"{BUCKET}/monitor/later.json", b"now")
    assert get_named(bucket, "later.json", limit=100) == b"now"


def test_s3__more_than_the_limit__is_refused(bucket: str) -> None:
    put_named(bucket, ATTESTATION, b"x" * 1000)
    assert get_named(bucket, ATTESTATION, limit=1000) == b"x" * 1000
    with pytest.raises(EvidenceError, match="larger than 999"):
        get_named(bucket, ATTESTATION, limit=999)


def test_s3__no_such_bucket__is_an_error_and_makes_none(bucket: str) -> None:
    import s3fs

    copies = write_everywhere([bucket, "s3://nobodys-bucket/x"], DOCUMENT, timeout_s=10)
    assert copies.written == (0,)
    assert not s3fs.S3FileSystem(skip_instance_cache=True).exists("nobodys-bucket")


def test_s3__nobody_listens__could_not_look_and_says_no_secret(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with pytest.raises(EvidenceUnreachableError) as caught:
        get_named(bucket, ATTESTATION, limit=100, timeout_s=5)
    assert os.environ["AWS_SECRET_ACCESS_KEY"] == SECRET
    assert SECRET not in str(caught.value)


@pytest.fixture
def web() -> Iterator[FileServer]:
    with file_server() as served:
        yield served


def test_gateway__content_by_its_id__is_read(web: FileServer) -> None:
    web.files[f"/ipfs/{NAME}"] = DATA
    assert read_evidence(f"{web.url}/ipfs", NAME) == DOCUMENT


def test_gateway__sends_on_to_another_address__follows(web: FileServer) -> None:
    web.moved[f"/ipfs/{NAME}"] = "/by/domain"
    web.files["/by/domain"] = DATA
    assert read_evidence(f"{web.url}/ipfs/", NAME) == DOCUMENT


def test_gateway__sends_on_for_ever__could_not_look(web: FileServer) -> None:
    web.moved[f"/ipfs/{NAME}"] = f"/ipfs/{NAME}"
    with pytest.raises(EvidenceUnreachableError):
        read_evidence(f"{web.url}/ipfs", NAME)
    assert len(web.asked) < 10


def test_gateway__lies__is_refused(web: FileServer) -> None:
    web.files[f"/ipfs/{NAME}"] = b'{"rows":4}'
    with pytest.raises(EvidenceError, match="sha-256 differs"):
        read_evidence(f"{web.url}/ipfs", NAME)


def test_gateway__does_not_have_it__is_not_there(web: FileServer) -> None:
    with pytest.raises(EvidenceError, match="is not in this store"):
        read_evidence(f"{web.url}/ipfs", NAME)


@pytest.mark.parametrize("status", [403, 429, 500, 504])
def test_gateway__trouble__could_not_look(web: FileServer, status: int) -> None:
    web.files[f"/ipfs/{NAME}"] = DATA
    web.statuses[f"/ipfs/{NAME}"] = status
    with pytest.raises(EvidenceUnreachableError, match=str(status)):
        read_evidence(f"{web.url}/ipfs", NAME)


@pytest.mark.alone
def test_gateway__one_byte_at_a_time__gives_up_in_time(web: FileServer) -> None:
    web.files[f"/ipfs/{NAME}"] = DATA * 100
    web.dripping.add(f"/ipfs/{NAME}")
    began = time.monotonic()
    with pytest.raises(EvidenceUnreachableError):
        read_evidence(f"{web.url}/ipfs", NAME, timeout_s=0.4)
    while not web.left and time.monotonic() - began < 5:  # whoever gave up does not go on reading
        time.sleep(0.05)
    assert web.left == 1
    assert time.monotonic() - began < 3


def test_gateway__never_stops_sending__reads_no_more_than_the_limit(web: FileServer) -> None:
    web.endless.add("/ipfs/endless")
    with pytest.raises(EvidenceError, match="larger than 1000"):
        get_named(f"{web.url}/ipfs", "endless", limit=1000, timeout_s=20)
    assert web.sent < 64 * 2**20


def test_gateway__name_that_is_no_content__is_not_asked_for(web: FileServer) -> None:
    assert get_named(f"{web.url}/ipfs", ATTESTATION, limit=100) is None
    assert web.asked == []


def test_web__server_over_a_folder__gives_named_documents(web: FileServer) -> None:
    web.files[f"/store/{ATTESTATION}"] = b"{}"
    assert get_named(f"{web.url}/store", ATTESTATION, limit=100) == b"{}"


def test_web__to_write__is_refused_with_the_mend(web: FileServer) -> None:
    with pytest.raises(EvidenceError, match="only read") as caught:
        write_evidence(web.url, DOCUMENT)
    assert "TRIBUNE_EVIDENCE_READ_URLS" in caught.value.mend
