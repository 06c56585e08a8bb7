"""What S3 does beyond the contract: links for browsers, addresses, large parts."""

from __future__ import annotations

import random
from io import BytesIO
from urllib.parse import unquote

import pytest
import requests

from ecm.storage.files import SPOOLED_IN_MEMORY_BYTES, spooled
from ecm.storage.s3 import S3Storage, choose_part_bytes, describe_attachment
from ecm.storage.s3_pieces import LEAST_PART_BYTES, MOST_PARTS, Upload

TIB = 1024**4


def test_a_browser_gets_an_attachment_by_a_link(s3_url: str) -> None:
    storage = S3Storage.from_url(s3_url)
    storage.put("blob", BytesIO(b"content"))
    url = storage.presigned_url(
        "blob", expires_s=60, filename='Договір "12".pdf', media_type="application/pdf"
    )
    answer = requests.get(url, timeout=10)
    assert (answer.status_code, answer.content) == (200, b"content")
    assert answer.headers["Content-Type"] == "application/pdf"
    disposition = answer.headers["Content-Disposition"]
    assert disposition.startswith("attachment; ")
    assert unquote(disposition.partition("filename*=UTF-8''")[2]) == 'Договір "12".pdf'
    assert requests.get(url.replace("X-Amz-Expires=60", "X-Amz-Expires=600"), timeout=10).status_code == 403


@pytest.mark.parametrize(
    ("filename", "expected"),
    [
        ("a.pdf", "attachment; filename=\"a.pdf\"; filename*=UTF-8''a.pdf"),
        ('a"b\\c;%.pdf', "attachment; filename=\"a_b_c__.pdf\"; filename*=UTF-8''a%22b%5Cc%3B%25.pdf"),
        (
            "Акт\r\nX: y.pdf",
            "attachment; filename=\"___X: y.pdf\"; filename*=UTF-8''%D0%90%D0%BA%D1%82X%3A%20y.pdf",
        ),
    ],
)
def test_a_name_in_any_script_cannot_break_out_of_the_header(filename: str, expected: str) -> None:
    assert describe_attachment(filename) == expected


def test_two_prefixes_of_a_bucket_do_not_see_each_other(s3_url: str) -> None:
    one, other = S3Storage.from_url(s3_url), S3Storage.from_url(s3_url.replace("/files", "/others/deep"))
    one.put("blob", BytesIO(b"1"))
    other.put("blob", BytesIO(b"2"))
    state = other.begin("upload", size_bytes=LEAST_PART_BYTES + 1)
    assert one.collect(older_than_s=0) == 0
    one.delete("blob")
    assert [info.key for info in other.list()] == ["blob"]
    assert list(one.list()) == []
    other.abort("upload", state)


@pytest.mark.parametrize(
    "url",
    [
        "s3://",
        "s3://BUCKET/",
        "file:bucket",
        "s3://bucket?region=",
        "s3://bucket?endpoint_url=127.0.0.1:8333",
        "s3://bucket?secret=1",
    ],
)
def test_a_wrong_address_is_refused_before_use(url: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        S3Storage.from_url(url)


@pytest.mark.parametrize("size_bytes", [0, 1, 100 * 1024**2, 85 * 1024**3, 5 * TIB])
def test_a_known_size_comes_into_as_many_parts_as_s3_takes(size_bytes: int) -> None:
    part_bytes = choose_part_bytes(0, size_bytes)
    assert part_bytes * MOST_PARTS >= size_bytes
    assert LEAST_PART_BYTES <= part_bytes <= 5 * 1024**3
    assert Upload("token", size_bytes, 0, "id").least_part_bytes * MOST_PARTS >= size_bytes


def test_an_unknown_size_may_grow_to_what_s3_takes() -> None:
    sizes = [choose_part_bytes(number, None) for number in range(MOST_PARTS)]
    assert sum(sizes) >= 5 * TIB
    assert sizes == sorted(sizes)
    assert sizes[-1] <= 5 * 1024**3


def test_a_large_part_waits_on_disk_and_comes_back_whole() -> None:
    content = random.Random(1).randbytes(3 * SPOOLED_IN_MEMORY_BYTES)
    source = BytesIO(content)
    with spooled(source, 2 * SPOOLED_IN_MEMORY_BYTES) as (file, size_bytes):
        assert size_bytes == 2 * SPOOLED_IN_MEMORY_BYTES
        assert file.fileno() > 0
        assert file.read() == content[:size_bytes]
    with spooled(source, 2 * SPOOLED_IN_MEMORY_BYTES) as (_, size_bytes):
        assert size_bytes == SPOOLED_IN_MEMORY_BYTES
