"""Blobs as objects in a bucket of any S3-compatible service.

boto3 stays in this file; `s3_bucket` speaks S3 through the client that is made here.
"""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from typing import IO, TYPE_CHECKING, Self
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import boto3
from botocore.config import Config

from .errors import Corrupt, StorageError
from .files import spooled
from .interface import KEY_PATTERN, Appended, BlobInfo, Capabilities, Source, check_key
from .s3_bucket import Bucket
from .s3_pieces import MOST_PARTS, PART_BYTES, Pieces, Upload
from .streams import Measured, RangeReader, measure_range

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

logger = logging.getLogger(__name__)

PARTS_OF_LEAST_SIZE = 5000


class S3Storage:
    """A `Storage` in a bucket, under a prefix that belongs to it alone.

    Credentials come by boto3's own chain (environment, files, instance) unless both are given. The account
    needs to get, put, delete and list objects, and to list and abort multipart uploads; without the right
    to list, S3 says of a missing object that access is denied. The order of `list` is the service's: by key
    on S3, folder by folder on SeaweedFS, which is the same where names side by side have one length.

    Of two writers of one key one wins, if the service keeps `If-None-Match` whole. SeaweedFS 4.48 does for
    blobs of one request; two multipart uploads that are completed within the same milliseconds may both be
    told that they won. Keys that are made for one upload each never come to that.

    Nothing is sent before the first use. A request is tried `attempts` times; each waits `connect_timeout_s`
    for a connection and `read_timeout_s` for an answer. ValueError says what of the parameters is wrong.
    """

    capabilities = Capabilities(presigned_urls=True)

    def __init__(
        self,
        bucket: str,
        prefix: str = "",
        *,
        endpoint_url: str | None = None,
        region: str | None = None,
        access_key_id: str | None = None,
        secret_access_key: str | None = None,
        connect_timeout_s: float = 3.0,
        read_timeout_s: float = 20.0,
        attempts: int = 3,
    ) -> None:
        if endpoint_url is not None and urlsplit(endpoint_url).scheme not in ("http", "https"):
            raise ValueError(f"expected an endpoint_url with http or https, found {endpoint_url!r}")
        if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", bucket):
            raise ValueError(f"expected the name of a bucket, found {bucket!r}")
        config = Config(
            connect_timeout=connect_timeout_s,
            read_timeout=read_timeout_s,
            retries={"mode": "standard", "total_max_attempts": attempts},
            max_pool_connections=100,
            signature_version="s3v4",
            # A service beside Amazon's seldom has a host name for each bucket.
            s3={"addressing_style": "path" if endpoint_url else "auto"},
            # What is checked is said in each request; not all services know the checksums of boto3's choice.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )

        def connect() -> S3Client:
            # Not boto3's default session: that one is shared, and not made for threads.
            return boto3.Session().client(
                "s3",
                endpoint_url=endpoint_url,
                region_name=region or ("us-east-1" if endpoint_url else None),
                aws_access_key_id=access_key_id,
                aws_secret_access_key=secret_access_key,
                config=config,
            )

        prefix = prefix.strip("/")
        self._bucket = Bucket(bucket, prefix + "/" if prefix else "", connect)
        self._pieces = Pieces(self._bucket)

    @classmethod
    def from_url(cls, url: str) -> Self:
        """From ``s3://bucket/prefix?endpoint_url=...&region=...``. ValueError says what is wrong."""
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        unknown = sorted(set(options) - {"endpoint_url", "region"})
        if parts.scheme != "s3" or unknown or "" in options.values():
            what = f"{unknown[0]!r}" if unknown else f"{url!r}"
            raise ValueError(f"expected s3://bucket/prefix?endpoint_url=...&region=..., found {what}")
        return cls(
            parts.netloc,
            unquote(parts.path),
            endpoint_url=options.get("endpoint_url"),
            region=options.get("region"),
        )

    def put(
        self, key: str, source: Source, *, size_bytes: int | None = None, sha256: str | None = None
    ) -> BlobInfo:
        check_key(key)
        measured = Measured(key, source, size_bytes=size_bytes, sha256=sha256)
        writer = uuid.uuid4().hex
        with spooled(measured, PART_BYTES) as (first, length):
            if length < PART_BYTES:
                self._bucket.put(key, first, measured.sha256, writer=writer)
            else:
                self._put_in_parts(key, first, measured, size_bytes, writer)
        return BlobInfo(key, measured.size_bytes, datetime.now(UTC), measured.sha256)

    def open(self, key: str, *, start: int = 0, length_bytes: int | None = None) -> RangeReader:
        check_key(key)
        if start == 0 and length_bytes is None:
            body, size_bytes = self._bucket.get(key)
            return RangeReader(key, body, size_bytes=size_bytes, length_bytes=size_bytes)
        if start < 0 or (length_bytes is not None and length_bytes <= 0):
            return self._open_nothing(key, start, length_bytes)
        last = "" if length_bytes is None else start + length_bytes - 1
        try:
            body, size_bytes = self._bucket.get(key, f"{start}-{last}")
        except Corrupt:
            return self._open_nothing(key, start, length_bytes)
        try:
            length = measure_range(key, size_bytes, start, length_bytes)
        except Corrupt:
            body.close()
            raise
        return RangeReader(key, body, size_bytes=size_bytes, length_bytes=length)

    def stat(self, key: str) -> BlobInfo:
        check_key(key)
        return self._bucket.head(key)

    def delete(self, key: str) -> None:
        check_key(key)
        self._bucket.delete(key)

    def list(self, prefix: str = "") -> Iterator[BlobInfo]:
        for found in self._bucket.list(prefix):
            # SeaweedFS takes `//` and `..` in a prefix for a path's, and answers for another folder.
            if found.key.startswith(prefix) and KEY_PATTERN.fullmatch(found.key):
                yield found

    def begin(self, key: str, *, size_bytes: int) -> str:
        check_key(key)
        return self._pieces.begin(key, size_bytes).dump()

    def append(self, key: str, state: str, source: Source) -> Appended:
        check_key(key)
        upload = self._pieces.append(key, Upload.load(state), source)
        return Appended(upload.dump(), upload.offset_bytes)

    def finish(self, key: str, state: str) -> BlobInfo:
        check_key(key)
        return self._pieces.finish(key, Upload.load(state))

    def abort(self, key: str, state: str) -> None:
        check_key(key)
        self._pieces.abort(key, Upload.load(state))

    def collect(self, *, older_than_s: float) -> int:
        return self._pieces.collect(older_than_s)

    def presigned_url(self, key: str, *, expires_s: int, filename: str, media_type: str) -> str:
        """See `PresignsUrls`. Nothing is asked of S3: a link to a missing blob is made as well."""
        check_key(key)
        disposition = describe_attachment(filename)
        return self._bucket.presign(key, expires_s=expires_s, disposition=disposition, media_type=media_type)

    def _put_in_parts(
        self, key: str, first: IO[bytes], measured: Measured, size_bytes: int | None, writer: str
    ) -> None:
        upload_id = self._bucket.begin_parts(key, writer=writer)
        try:
            etags = [self._bucket.put_part(key, upload_id, 1, first)]
            while True:
                most = choose_part_bytes(len(etags), size_bytes)
                with spooled(measured, most) as (body, length):
                    if length == 0:
                        break
                    etags.append(self._bucket.put_part(key, upload_id, len(etags) + 1, body))
            self._bucket.complete_parts(key, upload_id, etags, writer=writer)
        except BaseException:
            self._abandon(key, upload_id)
            raise

    def _abandon(self, key: str, upload_id: str) -> None:
        """Abort after a failure, whose error is on its way."""
        try:
            self._bucket.abort_parts(key, upload_id)
        except StorageError:
            logger.warning("parts of a failed write to %s are left", key, exc_info=True)

    def _open_nothing(self, key: str, start: int, length_bytes: int | None) -> RangeReader:
        """An empty range, which S3 has no way to ask for; Corrupt when it is not empty, or outside."""
        size_bytes = self._bucket.head(key).size_bytes
        length = measure_range(key, size_bytes, start, length_bytes)
        if length:
            raise Corrupt(key, "range", "empty", length)
        return RangeReader(key, BytesIO(), size_bytes=size_bytes, length_bytes=0)


def choose_part_bytes(parts: int, size_bytes: int | None) -> int:
    """How large the part after so many others is: 5 TiB come into 10,000, and 40 GB into least ones."""
    if size_bytes is not None:
        return max(PART_BYTES, -(-size_bytes // MOST_PARTS))
    return PART_BYTES * (1 + max(0, parts - PARTS_OF_LEAST_SIZE) // 18)


def describe_attachment(filename: str) -> str:
    """A Content-Disposition for a file of that name in any script (RFC 6266, RFC 5987)."""
    printable = "".join(letter for letter in filename if letter.isprintable())
    ascii_only = re.sub(r'[^ -~]|["\\\\%;]', "_", printable)
    return f"attachment; filename=\"{ascii_only}\"; filename*=UTF-8''{quote(printable, safe='')}"
