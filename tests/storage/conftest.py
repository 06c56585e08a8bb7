"""Where blobs are kept in these tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers.s3 import S3Server
from tests.storage.places import S3Place


@pytest.fixture(scope="session")
def shared_s3_place(s3_server: S3Server) -> S3Place:
    return S3Place(s3_server)


@pytest.fixture
def s3_place(shared_s3_place: S3Place) -> Iterator[S3Place]:
    """A place in S3 that is empty before and after."""
    yield shared_s3_place
    shared_s3_place.clear()
