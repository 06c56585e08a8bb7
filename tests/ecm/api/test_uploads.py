"""Resumable uploads over HTTP: the protocol's headers and refusals, a real client, and broken connections."""

from __future__ import annotations

import base64
import hashlib
import io
import random
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from tusclient.client import TusClient
from tusclient.exceptions import TusUploadFailed
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

import ecm
from ecm import Ecm, clock
from ecm.api.application import Application, build_application, put_library
from ecm.models import Document, Intent, Upload
from tests.firms import Firm, make_firm, usage

MEGABYTE = 1_048_576
PATH = "/api/v1/uploads"
PIECE = "application/offset+octet-stream"
MORE_THAN_IS_READ_AT_ONCE = 300_000


@dataclass
class Service:
    """A served library, with a company in it and its employees' tokens."""

    app: Ecm
    application: Application
    firm: Firm
    tokens: dict[int, str]
    url: str = ""

    def headers(self, actor: Any = None, **headers: str) -> dict[str, str]:
        """What every request of the protocol has, for Olena unless for somebody else."""
        token = self.tokens[(actor or self.firm.olena).user_id]
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return {"Authorization": f"Bearer {token}", "Tus-Resumable": "1.0.0", **named}

    @property
    def client(self) -> FlaskClient:
        return self.application.test_client()

    def create(self, size_bytes: int, **told: str) -> TestResponse:
        headers = self.headers(Upload_Length=str(size_bytes), Upload_Metadata=self.metadata(**told))
        return self.client.post(PATH, headers=headers)

    def begin(self, size_bytes: int, **told: str) -> str:
        response = self.create(size_bytes, **told)
        assert response.status_code == 201, response.text
        return response.headers["Location"]

    def metadata(self, **told: str) -> str:
        pairs = {"filename": "Договір.txt", "deal": str(self.firm.deal.id), **told}
        return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())

    def send(self, path: str, offset: int, content: bytes, **headers: str) -> TestResponse:
        return self.client.patch(
            path,
            data=content,
            headers=self.headers(Upload_Offset=str(offset), **headers),
            content_type=PIECE,
        )

    def offset(self, path: str) -> int:
        response = self.client.head(path, headers=self.headers())
        assert response.status_code == 200
        return int(response.headers["Upload-Offset"])

    def content(self, document_id: str) -> bytes:
        with self.app.read(self.firm.olena, document_id) as reader:
            return reader.read()

    def count(self, table: Any) -> int:
        with self.app.begin() as tx:
            return tx.session.scalars(select(func.count()).select_from(table)).one()


def open_service(application: Application, migrated: Path, folder: Path, storage: str) -> Iterator[Service]:
    database, search = f"sqlite:///{folder / 'ecm.db'}", f"whoosh:{folder / 'index'}"
    shutil.copyfile(migrated, folder / "ecm.db")
    with ecm.open(database=database, storage=storage, search=search) as app:
        firm = make_firm(app, "Альфа")
        beta = make_firm(app, "Бета")
        with app.begin() as tx:
            people = [firm.olena, firm.petro, firm.admin, beta.olena]
            tokens = {actor.user_id: tx.tokens.add(tx.users.get(actor.user_id)) for actor in people}
        put_library(application, app, secret_key="test")
        yield Service(app, application, firm, tokens)


@pytest.fixture
def service(application: Application, migrated_sqlite: Path, tmp_path: Path) -> Iterator[Service]:
    """A service that is asked without a network."""
    yield from open_service(application, migrated_sqlite, tmp_path, f"file:{tmp_path / 'files'}")


@pytest.fixture(params=["local", "s3"])
def served(request: pytest.FixtureRequest, migrated_sqlite: Path, tmp_path: Path) -> Iterator[Service]:
    """A service on each kind of storage, behind a real socket. It shares no application: its threads may
    outlive the test."""
    local = request.param == "local"
    storage = f"file:{tmp_path / 'files'}" if local else request.getfixturevalue("s3_url")
    for service in open_service(build_application(), migrated_sqlite, tmp_path, storage):
        server = make_server("127.0.0.1", 0, service.application, threaded=True)
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        service.url = f"http://127.0.0.1:{server.server_port}"
        yield service
        server.shutdown()
        serving.join()
        server.server_close()


def make_content(size_bytes: int) -> bytes:
    return random.Random(size_bytes).randbytes(size_bytes)


def make_checksum(algorithm: str, content: bytes) -> str:
    return f"{algorithm} {base64.b64encode(hashlib.new(algorithm, content).digest()).decode()}"


# The protocol, header by header.


def test_anybody_may_ask_what_the_server_can_do(service: Service) -> None:
    for path in (PATH, f"{PATH}/unknown"):
        response = service.client.options(path)
        assert response.status_code == 204
        assert response.headers["Tus-Resumable"] == response.headers["Tus-Version"] == "1.0.0"
        extensions = response.headers["Tus-Extension"].split(",")
        assert {"creation", "expiration", "termination", "checksum"} <= set(extensions)
        assert response.headers["Tus-Checksum-Algorithm"] == "sha1,sha256"
        assert "Tus-Max-Size" not in response.headers


def test_an_upload_goes_from_creation_to_a_document(service: Service) -> None:
    text = "Договір постачання.\n".encode()
    created = service.create(len(text), kind="contract", title="Договір № 5", tags="терміново, 2026")
    assert (created.status_code, created.data) == (201, b"")
    path = created.headers["Location"]
    assert path.startswith(f"{PATH}/")
    expires = parsedate_to_datetime(created.headers["Upload-Expires"])
    assert abs(expires - clock.now() - timedelta(days=1)) < timedelta(minutes=1)
    assert usage(service.app, service.firm.admin) == (0, len(text))

    half = service.send(path, 0, text[:10])
    assert (half.status_code, half.data) == (204, b"")
    assert half.headers["Upload-Offset"] == "10"
    assert "Ecm-Document" not in half.headers
    assert "Upload-Expires" in half.headers

    head = service.client.head(path, headers=service.headers())
    assert head.status_code == 200
    assert head.headers["Upload-Offset"] == "10"
    assert head.headers["Upload-Length"] == str(len(text))
    assert head.headers["Cache-Control"] == "no-store"
    assert head.headers["Upload-Metadata"] == service.metadata(
        kind="contract", title="Договір № 5", tags="терміново, 2026"
    )

    last = service.send(path, 10, text[10:])
    assert last.status_code == 204
    id = last.headers["Ecm-Document"]
    assert service.client.head(path, headers=service.headers()).headers["Ecm-Document"] == id
    assert service.send(path, len(text), b"").headers["Ecm-Document"] == id
    for response in (created, half, head, last):
        assert response.headers["Tus-Resumable"] == "1.0.0"
    assert service.content(id) == text
    shown = service.client.get(f"/api/v1/documents/{id}", headers=service.headers()).get_json()
    assert (shown["title"], shown["kind"], shown["filename"]) == ("Договір № 5", "contract", "Договір.txt")
    assert shown["tags"] == ["терміново", "2026"]
    assert shown["sha256"] == hashlib.sha256(text).hexdigest()
    assert [card["id"] for card in shown["cards"]] == [str(service.firm.deal.id)]


def test_an_empty_upload_is_a_document_when_it_is_created(service: Service) -> None:
    response = service.create(0)
    assert response.status_code == 201
    assert service.content(response.headers["Ecm-Document"]) == b""


def test_a_creation_may_carry_the_first_piece(service: Service) -> None:
    headers = service.headers(Upload_Length="10", Upload_Metadata=service.metadata())
    part = service.client.post(PATH, data=b"0123", headers=headers, content_type=PIECE)
    assert (part.status_code, part.headers["Upload-Offset"]) == (201, "4")
    assert service.send(part.headers["Location"], 4, b"456789").status_code == 204
    whole = service.client.post(PATH, data=b"0123456789", headers=headers, content_type=PIECE)
    assert service.content(whole.headers["Ecm-Document"]) == b"0123456789"
    assert usage(service.app, service.firm.admin) == (20, 0)


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"01234567890", {}, 413),
        (b"0123", {"Content-Type": "text/plain"}, 415),
        (b"0123", {"Upload-Checksum": make_checksum("sha1", b"wrong")}, 460),
        (b"0123", {"Upload-Checksum": "md5 AAAA"}, 400),
    ],
)
def test_a_creation_whose_first_piece_is_refused_leaves_nothing(
    service: Service, content: bytes, headers: dict[str, str], status: int
) -> None:
    common = service.headers(Upload_Length="10", Upload_Metadata=service.metadata())
    response = service.client.post(PATH, data=content, headers={"Content-Type": PIECE, **common, **headers})
    assert response.status_code == status
    assert usage(service.app, service.firm.admin) == (0, 0)
    assert service.count(Upload) == 0


@pytest.mark.parametrize("version", [None, "0.2.2", "2.0.0"])
def test_another_version_of_the_protocol_is_refused_before_anything_is_done(
    service: Service, version: str | None
) -> None:
    path = service.begin(4)
    headers = service.headers(Upload_Offset="0", Upload_Length="4", Upload_Metadata=service.metadata())
    del headers["Tus-Resumable"]
    if version is not None:
        headers["Tus-Resumable"] = version
    for method, target in (("POST", PATH), ("HEAD", path), ("PATCH", path), ("DELETE", path)):
        response = service.client.open(
            target, method=method, data=b"0123" if method == "PATCH" else None, headers=headers,
            content_type=PIECE,
        )  # fmt: skip
        assert response.status_code == 412
        assert response.headers["Tus-Version"] == "1.0.0"
    assert service.count(Upload) == 1
    assert service.offset(path) == 0


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Upload-Length": None}, 400, "bad_request"),
        ({"Upload-Length": "-1"}, 400, "bad_request"),
        ({"Upload-Length": "٣"}, 400, "bad_request"),
        ({"Upload-Length": "1e3"}, 400, "bad_request"),
        ({"Upload-Length": "9" * 30}, 400, "bad_request"),
        ({"Upload-Length": "9" * 18}, 422, "invalid"),
        ({"Upload-Length": None, "Upload-Defer-Length": "1"}, 400, "bad_request"),
        ({"Upload-Length": str(201 * MEGABYTE)}, 507, "quota_exceeded"),
        ({"Upload-Metadata": None}, 422, "invalid"),
        ({"Upload-Metadata": "filename YQ=="}, 422, "invalid"),
        ({"Upload-Metadata": "deal"}, 404, "not_found"),
        ({"Upload-Metadata": "deal OTk5OTk="}, 404, "not_found"),
        ({"Upload-Metadata": "deal !!!"}, 400, "bad_request"),
        ({"Upload-Metadata": "deal MQ==,deal MQ=="}, 400, "bad_request"),
        ({"Upload-Metadata": "deal /w=="}, 400, "bad_request"),
        ({"Upload-Metadata": "deal MQ==,"}, 400, "bad_request"),
        ({"Upload-Metadata": "deal MQ==,kind cG9lbQ=="}, 422, "invalid"),
        ({"Upload-Metadata": "deal MQ==,title AAAA"}, 422, "invalid"),
        ({"Authorization": None}, 401, "unauthenticated"),
        ({"Authorization": "Bearer wrong"}, 401, "unauthenticated"),
    ],
)
def test_a_creation_that_says_something_wrong_is_told_what(
    service: Service, headers: dict[str, str | None], status: int, code: str
) -> None:
    common = service.headers(Upload_Length="4", Upload_Metadata=service.metadata())
    wanted = {name: value for name, value in {**common, **headers}.items() if value is not None}
    wanted = {name: value.encode().decode("latin-1") for name, value in wanted.items()}
    response = service.client.post(PATH, headers=wanted)
    assert (response.status_code, response.get_json()["code"]) == (status, code)
    assert response.content_type == "application/problem+json"
    assert response.headers["Tus-Resumable"] == "1.0.0"
    assert usage(service.app, service.firm.admin) == (0, 0)
    assert service.count(Upload) == 0


def test_a_refusal_by_the_tariff_comes_with_its_figures(service: Service) -> None:
    service.begin(150 * MEGABYTE)
    problem = service.create(60 * MEGABYTE).get_json()
    assert problem["limit_bytes"] == 200 * MEGABYTE
    assert problem["reserved_bytes"] == 150 * MEGABYTE
    assert problem["requested_bytes"] == 60 * MEGABYTE


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Upload-Offset": "3"}, 409),
        ({"Upload-Offset": "5"}, 409),
        ({"Upload-Offset": None}, 400),
        ({"Upload-Offset": "x"}, 400),
        ({"Upload-Offset": "-4"}, 400),
        ({"Content-Type": "application/octet-stream"}, 415),
        ({"Content-Type": None}, 415),
        ({"Upload-Checksum": "md5 1B2M2Y8AsgTpgAmY7PhCfg=="}, 400),
        ({"Upload-Checksum": "sha1"}, 460),
        ({"Upload-Checksum": "sha1 !"}, 400),
        ({"Upload-Checksum": make_checksum("sha1", b"45678")}, 460),
        ({"Upload-Checksum": make_checksum("sha256", b"45678")}, 460),
        ({"Upload-Checksum": make_checksum("sha1", b"456789").replace("sha1", "sha256")}, 460),
    ],
)
def test_a_piece_that_says_something_wrong_is_refused_alone(
    service: Service, headers: dict[str, str | None], status: int
) -> None:
    path = service.begin(10)
    assert service.send(path, 0, b"0123").status_code == 204
    common = {**service.headers(Upload_Offset="4"), "Content-Type": PIECE}
    wanted = {name: value for name, value in {**common, **headers}.items() if value is not None}
    response = service.client.patch(path, data=b"456789", headers=wanted)
    assert response.status_code == status
    assert response.content_type == "application/problem+json"
    assert service.offset(path) == 4
    last = service.send(path, 4, b"456789", Upload_Checksum=make_checksum("sha256", b"456789"))
    assert service.content(last.headers["Ecm-Document"]) == b"0123456789"


@pytest.mark.parametrize("is_told", [True, False])
def test_more_bytes_than_declared_are_refused(service: Service, is_told: bool) -> None:
    path = service.begin(10)
    if is_told:
        response = service.send(path, 0, b"0" * 11)
    else:
        response = service.client.patch(
            path,
            input_stream=io.BytesIO(b"0" * 11),
            headers=service.headers(Upload_Offset="0", Transfer_Encoding="chunked"),
            content_type=PIECE,
            environ_overrides={"wsgi.input_terminated": True},
        )
    assert (response.status_code, response.get_json()["code"]) == (413, "upload_too_long")
    assert service.offset(path) == 0


def test_a_second_piece_at_once_is_refused(service: Service) -> None:
    path = service.begin(10)
    with service.app.begin() as tx:
        tx.session.execute(update(Upload).values(locked_until=clock.now() + timedelta(seconds=60)))
    response = service.send(path, 0, b"0123")
    assert (response.status_code, response.get_json()["code"]) == (423, "upload_locked")
    assert service.offset(path) == 0


def test_a_terminated_upload_is_gone(service: Service) -> None:
    path = service.begin(10)
    service.send(path, 0, b"0123")
    response = service.client.delete(path, headers=service.headers())
    assert (response.status_code, response.headers["Tus-Resumable"]) == (204, "1.0.0")
    assert service.client.head(path, headers=service.headers()).status_code == 404
    assert service.send(path, 4, b"456789").status_code == 404
    assert service.client.delete(path, headers=service.headers()).status_code == 404
    assert usage(service.app, service.firm.admin) == (0, 0)


def test_an_upload_that_expired_is_gone(service: Service) -> None:
    path = service.begin(10)
    with service.app.begin() as tx:
        tx.session.execute(update(Upload).values(expires_at=clock.now()))
        tx.session.execute(update(Intent).values(receiving_until=clock.now(), attach_until=clock.now()))
    assert service.client.head(path, headers=service.headers()).status_code == 404
    assert service.app.sweep() == 10


def test_others_do_not_find_an_upload(service: Service) -> None:
    path = service.begin(10)
    strangers = [id for id in service.tokens if id != service.firm.olena.user_id]
    assert len(strangers) == 3
    for id in strangers:
        headers = {**service.headers(Upload_Offset="0"), "Authorization": f"Bearer {service.tokens[id]}"}
        assert service.client.head(path, headers=headers).status_code == 404
        assert service.client.delete(path, headers=headers).status_code == 404
        response = service.client.patch(path, data=b"0123", headers=headers, content_type=PIECE)
        assert response.status_code == 404
    assert service.offset(path) == 0


def test_another_companys_deal_is_not_found(service: Service) -> None:
    with service.app.begin(service.app.actor(max(service.tokens))) as tx:
        foreign = tx.deals.list().items[0]
    assert service.create(10, deal=str(foreign.id)).status_code == 404


@pytest.mark.parametrize("spelling", ["PATCH", "patch"])
def test_a_method_that_a_client_cannot_send_stands_in_a_header(service: Service, spelling: str) -> None:
    path = service.begin(4)
    headers = service.headers(Upload_Offset="0", X_HTTP_Method_Override=spelling)
    response = service.client.post(path, data=b"0123", headers=headers, content_type=PIECE)
    assert response.status_code == 204
    id = response.headers["Ecm-Document"]
    head = service.client.post(path, headers=service.headers(X_HTTP_Method_Override="HEAD"))
    assert (head.status_code, head.headers["Upload-Offset"]) == (200, "4")
    gone = service.client.post(path, headers=service.headers(X_HTTP_Method_Override="DELETE"))
    assert gone.status_code == 204
    assert service.client.head(path, headers=service.headers()).status_code == 404
    assert service.content(id) == b"0123"
    for method in ("", "GET", "PUT"):
        refused = service.client.post(path, headers=service.headers(X_HTTP_Method_Override=method))
        assert refused.status_code == 405


def test_the_protocol_is_described_in_openapi(service: Service) -> None:
    paths = service.client.get("/api/v1/openapi.json", headers=service.headers()).get_json()["paths"]
    assert "post" in paths[PATH]
    upload = paths[f"{PATH}/{{id}}"]
    assert {"head", "patch", "delete"} == set(upload)
    for operation in (paths[PATH]["post"], *upload.values()):
        assert "Tus-Resumable" in {each["name"] for each in operation["parameters"]}
    assert {"id", "Upload-Offset"} <= {each["name"] for each in upload["patch"]["parameters"]}


# A real client, and real connections.


def make_tus_client(service: Service, **headers: str) -> TusClient:
    token = service.tokens[service.firm.olena.user_id]
    return TusClient(f"{service.url}{PATH}", headers={"Authorization": f"Bearer {token}", **headers})


@pytest.mark.parametrize("checked", [False, True])
@pytest.mark.parametrize("piece_bytes", [1_234_567, 5 * MEGABYTE + 1, 50 * MEGABYTE])
def test_a_real_client_uploads_in_pieces(served: Service, checked: bool, piece_bytes: int) -> None:
    content = make_content(13 * MEGABYTE + 11)
    uploader = make_tus_client(served).uploader(
        file_stream=io.BytesIO(content),
        chunk_size=piece_bytes,
        metadata={"filename": "звіт.bin", "deal": str(served.firm.deal.id)},
        upload_checksum=checked,
    )
    uploader.upload()
    assert uploader.request is not None
    assert served.content(uploader.request.response_headers["ecm-document"]) == content
    assert usage(served.app, served.firm.admin) == (len(content), 0)


def test_a_real_client_goes_on_where_another_stopped(served: Service) -> None:
    stream = io.BytesIO(make_content(7 * MEGABYTE))
    metadata = {"filename": "file", "deal": str(served.firm.deal.id)}
    client = make_tus_client(served)
    first = client.uploader(file_stream=stream, chunk_size=2 * MEGABYTE, metadata=metadata)
    first.upload(stop_at=2 * MEGABYTE)
    second = client.uploader(file_stream=stream, url=first.url, chunk_size=3 * MEGABYTE)
    assert second.offset == 2 * MEGABYTE
    second.upload()
    assert second.request is not None
    assert served.content(second.request.response_headers["ecm-document"]) == stream.getvalue()


def test_a_real_client_is_told_that_its_bytes_came_wrong(served: Service) -> None:
    uploader = make_tus_client(served, **{"Upload-Checksum": "sha1 AAAA"}).uploader(
        file_stream=io.BytesIO(b"0123"), metadata={"deal": str(served.firm.deal.id)}
    )
    with pytest.raises(TusUploadFailed) as refused:
        uploader.upload()
    assert refused.value.status_code == 460
    assert uploader.get_offset() == 0


class Connection:
    """A raw connection on which a PATCH has begun."""

    def __init__(self, service: Service, path: str, offset: int, length: int, **headers: str) -> None:
        address = urlsplit(service.url)
        self._socket = socket.create_connection(("127.0.0.1", address.port or 0), timeout=30)
        named = {
            "Host": address.netloc,
            "Content-Type": PIECE,
            "Content-Length": str(length),
            **service.headers(Upload_Offset=str(offset), **headers),
        }
        lines = [f"PATCH {path} HTTP/1.1", *(f"{name}: {value}" for name, value in named.items())]
        self._socket.sendall("\r\n".join([*lines, "", ""]).encode())

    def send(self, content: bytes) -> None:
        self._socket.sendall(content)

    def drop(self) -> None:
        """End it in mid-body, and wait until the server has seen that."""
        self._socket.shutdown(socket.SHUT_WR)
        while self._socket.recv(65536):
            pass
        self._socket.close()


def test_what_came_before_a_connection_was_dropped_stays(served: Service) -> None:
    content = make_content(11 * MEGABYTE + 3)
    path = served.begin(len(content))
    offset = 0
    for sent in (1, MORE_THAN_IS_READ_AT_ONCE, 5 * MEGABYTE, 4 * MEGABYTE):
        connection = Connection(served, path, offset, len(content) - offset)
        connection.send(content[offset : offset + sent])
        connection.drop()
        offset += sent
        assert served.offset(path) == offset
    response = requests.patch(
        served.url + path,
        data=content[offset:],
        headers={**served.headers(Upload_Offset=str(offset)), "Content-Type": PIECE},
        timeout=60,
    )
    assert response.status_code == 204
    assert served.content(response.headers["Ecm-Document"]) == content
    assert usage(served.app, served.firm.admin) == (len(content), 0)


def test_a_dropped_piece_with_a_checksum_leaves_nothing_of_itself(served: Service) -> None:
    content = make_content(7 * MEGABYTE)
    path = served.begin(len(content))
    connection = Connection(served, path, 0, len(content), Upload_Checksum=make_checksum("sha1", content))
    connection.send(content[: 6 * MEGABYTE])
    connection.drop()
    assert served.offset(path) == 0
    assert served.send(path, 0, content, Upload_Checksum=make_checksum("sha1", content)).status_code == 204
    assert usage(served.app, served.firm.admin) == (len(content), 0)


def test_a_piece_that_comes_while_another_does_is_refused_until_that_one_ends(served: Service) -> None:
    content = make_content(MEGABYTE)
    path = served.begin(len(content))
    connection = Connection(served, path, 0, len(content))
    connection.send(content[:MORE_THAN_IS_READ_AT_ONCE])
    deadline = time.monotonic() + 20
    while served.app.uploads._find(served.firm.olena, path.rpartition("/")[2]).lock_token is None:
        assert time.monotonic() < deadline, "the server did not begin to read"
        time.sleep(0.01)
    assert served.send(path, 0, content).status_code == 423
    connection.drop()
    assert served.offset(path) == MORE_THAN_IS_READ_AT_ONCE
    rest = served.send(path, MORE_THAN_IS_READ_AT_ONCE, content[MORE_THAN_IS_READ_AT_ONCE:])
    assert rest.status_code == 204
    assert served.count(Document) == 1
