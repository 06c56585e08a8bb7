"""Contents out: whole, by ranges, conditionally, under any name, and safe to look at."""

from __future__ import annotations

from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas
from sqlalchemy import func, select
from werkzeug.http import parse_options_header

from ecm.models import AuditEvent
from tests.ecm.api.clients import Api, check_problem

# What differs between databases is tested beside the domain; these rules are of HTTP.
pytestmark = pytest.mark.parametrize("founded", ["sqlite"], indirect=True)

CONTENT = bytes(range(256)) * 4
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000"
    "050001a5f645400000000049454e44ae426082"
)
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.fixture
def path(api: Api) -> str:
    """Where the content of a stored document is."""
    return f"/documents/{api.store(CONTENT, 'filename=a.bin')['id']}/content"


def test_the_whole_is_handed_out_as_an_attachment(api: Api, path: str) -> None:
    with api.get(path) as response:
        assert response.status_code == 200
        assert response.get_data() == CONTENT
        headers = response.headers
        assert headers["Content-Length"] == str(len(CONTENT))
        assert headers["Content-Type"] == api.get(path.removesuffix("/content")).json["media_type"]
        assert headers["Content-Disposition"].startswith("attachment; ")
        assert headers["Accept-Ranges"] == "bytes"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "private, no-cache"
        assert headers["ETag"].strip('"') == api.get(path.removesuffix("/content")).json["sha256"]


def test_head_tells_the_same_without_a_body_and_counts_as_no_download(api: Api, path: str) -> None:
    with api.get(path) as response:
        told = dict(response.headers)
    head = api.ask("HEAD", path)
    assert (head.status_code, head.get_data(), dict(head.headers)) == (200, b"", told)
    with api.app.begin() as tx:
        downloads = select(func.count()).where(AuditEvent.action == "document.downloaded")
        assert tx.session.scalar(downloads) == 1


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        ("bytes=1000-", 1000, 1024),
        ("bytes=-5", 1019, 1024),
        ("bytes=1000-5000", 1000, 1024),
        ("bytes=-5000", 0, 1024),
        ("bytes=1023-1023", 1023, 1024),
    ],
)
def test_a_range_is_answered_with_its_bytes_alone(
    api: Api, path: str, asked: str, start: int, stop: int
) -> None:
    with api.get(path, headers={"Range": asked}) as response:
        assert response.status_code == 206
        assert response.get_data() == CONTENT[start:stop]
        assert response.headers["Content-Range"] == f"bytes {start}-{stop - 1}/1024"
        assert response.headers["Content-Length"] == str(stop - start)


@pytest.mark.parametrize("asked", ["bytes=1024-", "bytes=5000-6000", "bytes=-0"])
def test_a_range_outside_is_416_with_the_size(api: Api, path: str, asked: str) -> None:
    response = api.get(path, headers={"Range": asked})
    assert check_problem(response, 416, "wrong_range")["size_bytes"] == 1024
    assert response.headers["Content-Range"] == "bytes */1024"


@pytest.mark.parametrize(
    "asked", ["bytes=5-2", "bytes=x-y", "bytes", "lines=0-1", "bytes=0-1,5-6", "=", "bytes=-"]
)
def test_a_range_that_is_none_or_several_is_answered_with_the_whole(api: Api, path: str, asked: str) -> None:
    with api.get(path, headers={"Range": asked}) as response:
        assert (response.status_code, response.get_data()) == (200, CONTENT)


def test_no_range_is_in_an_empty_content(api: Api) -> None:
    path = f"/documents/{api.store(b'')['id']}/content"
    check_problem(api.get(path, headers={"Range": "bytes=0-"}), 416, "wrong_range")
    assert api.content(path) == b""


def test_conditions_are_kept(api: Api, path: str) -> None:
    etag = api.ask("HEAD", path).headers["ETag"]
    for condition in (etag, f'"x", {etag}', f"W/{etag}", "*"):
        response = api.get(path, headers={"If-None-Match": condition})
        assert (response.status_code, response.get_data()) == (304, b"")
        assert response.headers["ETag"] == etag
    assert api.content(path, headers={"If-None-Match": '"x"'}) == CONTENT
    some = {"Range": "bytes=0-4"}
    assert api.content(path, headers={**some, "If-Range": etag}) == CONTENT[:5]
    for other in ('"x"', "Wed, 21 Oct 2015 07:28:00 GMT"):
        assert api.content(path, headers={**some, "If-Range": other}) == CONTENT


def test_a_new_version_has_another_etag_and_the_old_one_stays(api: Api, path: str) -> None:
    old = api.ask("HEAD", path).headers["ETag"]
    api.post(path.replace("/content", "/versions"), data=b"new")
    assert api.content(path, headers={"If-None-Match": old}) == b"new"
    assert api.get(f"{path}?version=1", headers={"If-None-Match": old}).status_code == 304


@pytest.mark.parametrize(
    "name", ["Договір №7 «Альфа».txt", 'a"b; c=d%41.txt', "é.txt", "契約.txt", "a'b(c).txt"]
)
def test_a_name_in_any_script_comes_back_as_it_was(api: Api, name: str) -> None:
    stored = api.post(f"/deals/{api.alfa.deal.id}/documents", query_string={"filename": name}, data=b"1")
    with api.get(f"/documents/{stored.json['id']}/content") as response:
        disposition = response.headers["Content-Disposition"]
    kind, options = parse_options_header(disposition)
    assert (kind, options["filename"]) == ("attachment", name)
    assert disposition.isascii()


def test_only_what_holds_no_scripts_is_shown_in_place(api: Api, tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"))
    canvas.drawString(100, 100, "hello")
    canvas.save()
    shown = {
        "a.pdf": (tmp_path / "a.pdf").read_bytes(),
        "a.png": PNG,
        "a.txt": b"hello",
    }
    for name, content in shown.items():
        id = api.store(content, f"filename={name}")["id"]
        with api.get(f"/documents/{id}/content?inline=1") as response:
            assert response.headers["Content-Disposition"].startswith("inline; "), name
            assert "default-src 'none'" in response.headers["Content-Security-Policy"]
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert ("sandbox" in response.headers["Content-Security-Policy"]) == (name != "a.pdf")
    for name, content in {"a.svg": SVG, "a.html": b"<html><script>alert(1)</script></html>"}.items():
        stored = api.store(content, f"filename={name}")
        with api.get(f"/documents/{stored['id']}/content?inline=1") as response:
            assert response.headers["Content-Disposition"].startswith("attachment; "), stored["media_type"]


def test_content_that_is_damaged_is_said_to_be(api: Api, path: str) -> None:
    (blob,) = api.app.storage.list()
    api.app.storage.delete(blob.key)
    problem = check_problem(api.get(path), 500, "content_damaged")
    assert blob.key not in str(problem)


def test_downloads_are_in_the_trail_once_a_minute(api: Api, path: str) -> None:
    for asked in ("bytes=0-0", "bytes=1-1", "bytes=2-2"):
        api.content(path, headers={"Range": asked})
    api.content(path, actor=api.alfa.petro)
    with api.app.begin() as tx:
        downloads = select(AuditEvent.user_id).where(AuditEvent.action == "document.downloaded")
        users = tx.session.scalars(downloads).all()
    # A minute may have passed in between.
    assert set(users) == {api.alfa.olena.user_id, api.alfa.petro.user_id}
    assert len(users) <= 3
