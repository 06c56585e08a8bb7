"""Uploads to S3 in pieces of any size.

S3 takes parts of 5 MiB and more. What is left over of a piece waits as an object of its own, the tail,
until the next piece fills a part with it. A tail is written under a new name each time and deleted only when
the state after it was kept, so that every state that may have been kept can be gone on from.
"""

from __future__ import annotations

import hashlib
import json
import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import IO, Self

from .errors import AlreadyExists, Corrupt, NotFound, StorageError
from .files import spooled
from .interface import CHUNK_BYTES, BlobInfo, Source
from .s3_bucket import Bucket
from .streams import Chained, Counted, RangeReader

logger = logging.getLogger(__name__)

PIECES = ".pieces/"
"""Where tails wait. No key begins with a dot."""

PART_BYTES = 8 * 1024 * 1024
LEAST_PART_BYTES = 5 * 1024 * 1024
MOST_PARTS = 10_000
DELETED_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Upload:
    """The state of an upload in pieces.

    `parts_id` is S3's name for a multipart upload, None for an upload that fits into a tail. `superseded` is
    the tail of the state before, which may be what was kept until somebody goes on from this state.
    """

    token: str
    size_bytes: int
    offset_bytes: int
    parts_id: str | None
    etags: tuple[str, ...] = ()
    tail: str | None = None
    superseded: str | None = None

    @classmethod
    def load(cls, state: str) -> Self:
        fields = json.loads(state)
        return cls(**(fields | {"etags": tuple(fields["etags"])}))

    def dump(self) -> str:
        return json.dumps(asdict(self))

    @property
    def least_part_bytes(self) -> int:
        """What a part has at least, so that no upload needs more parts than S3 allows."""
        return max(LEAST_PART_BYTES, -(-self.size_bytes // MOST_PARTS))


class Pieces:
    """The part of `Storage` on uploads in pieces, and what dead writers left."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def begin(self, key: str, size_bytes: int) -> Upload:
        token = uuid.uuid4().hex
        fits_tail = size_bytes <= LEAST_PART_BYTES
        parts_id = None if fits_tail else self._bucket.begin_parts(key, writer=token)
        return Upload(token, size_bytes, 0, parts_id)

    def append(self, key: str, upload: Upload, source: Source) -> Upload:
        counted = Counted(key, source, limit_bytes=upload.size_bytes, count_bytes=upload.offset_bytes)
        etags = list(upload.etags)
        tail: str | None = None
        most = max(PART_BYTES, upload.least_part_bytes)
        with self._open_tail(key, upload) as waiting:
            ended = False
            chained = Chained(waiting, counted)
            while not ended:
                with spooled(chained, most) as (body, length):
                    ended = length < most
                    whole = counted.count_bytes == upload.size_bytes
                    if length == 0:
                        break
                    if upload.parts_id and (length >= upload.least_part_bytes or whole):
                        etags.append(self._bucket.put_part(key, upload.parts_id, len(etags) + 1, body))
                    else:
                        tail = self._put_tail(key, upload, body)
        if upload.superseded:
            self._forget(key, upload, upload.superseded)
        return replace(
            upload,
            offset_bytes=counted.count_bytes,
            etags=tuple(etags),
            tail=tail,
            superseded=upload.tail,
        )

    def finish(self, key: str, upload: Upload) -> BlobInfo:
        if upload.offset_bytes != upload.size_bytes:
            raise Corrupt(key, "size", upload.size_bytes, upload.offset_bytes)
        sha256: str | None = None
        try:
            if upload.parts_id:
                self._bucket.complete_parts(key, upload.parts_id, list(upload.etags), writer=upload.token)
            else:
                with (
                    self._open_tail(key, upload) as waiting,
                    spooled(waiting, upload.size_bytes) as (body, _),
                ):
                    sha256 = hash_whole(body)
                    self._bucket.put(key, body, sha256, writer=upload.token)
        except NotFound:
            self._bucket.head(key)  # NotFound as well, or else there is a blob
            raise AlreadyExists(key) from None
        self._forget(key, upload)
        return BlobInfo(key, upload.size_bytes, datetime.now(UTC), sha256)

    def abort(self, key: str, upload: Upload) -> None:
        if upload.parts_id:
            self._bucket.abort_parts(key, upload.parts_id)
        self._delete(self._list_tails(key, upload))

    def collect(self, older_than_s: float) -> int:
        """See `Storage.collect`. A tail that is current is as old as its upload is idle."""
        before = datetime.now(UTC) - timedelta(seconds=older_than_s)
        stale: list[str] = []
        alive: set[str] = set()
        for found in self._bucket.list(PIECES):
            if found.modified_at <= before:
                stale.append(found.key)
            else:
                alive.add(found.key.removeprefix(PIECES).rsplit("/", 2)[0])
        removed = self._delete(stale)
        for key, parts_id, modified_at in self._bucket.list_parts_begun():
            if modified_at <= before and key not in alive:
                self._bucket.abort_parts(key, parts_id)
                removed += 1
        return removed

    @contextmanager
    def _open_tail(self, key: str, upload: Upload) -> Iterator[RangeReader]:
        """What waits for the next piece; nothing where there is no tail."""
        if upload.tail is None:
            yield RangeReader(key, BytesIO(), size_bytes=0, length_bytes=0)
            return
        try:
            body, size_bytes = self._bucket.get(upload.tail)
        except NotFound:
            raise NotFound(key) from None
        with RangeReader(key, body, size_bytes=size_bytes, length_bytes=size_bytes) as waiting:
            yield waiting

    def _put_tail(self, key: str, upload: Upload, body: IO[bytes]) -> str:
        tail = f"{PIECES}{key}/{upload.token}/{uuid.uuid4().hex}"
        self._bucket.put(tail, body, hash_whole(body), writer=upload.token)
        return tail

    def _list_tails(self, key: str, upload: Upload) -> list[str]:
        return [found.key for found in self._bucket.list(f"{PIECES}{key}/{upload.token}/")]

    def _delete(self, names: list[str]) -> int:
        for start in range(0, len(names), DELETED_AT_ONCE):
            self._bucket.delete(*names[start : start + DELETED_AT_ONCE])
        return len(names)

    def _forget(self, key: str, upload: Upload, *tails: str) -> None:
        """Delete tails, all when none is named, that nothing depends on any more.

        The work itself is done, so that a failure here is no failure of it; `collect` finds what is left.
        """
        try:
            self._delete(list(tails) or self._list_tails(key, upload))
        except StorageError:
            logger.warning("pieces of an upload to %s are left", key, exc_info=True)


def hash_whole(file: IO[bytes]) -> str:
    """The SHA-256 of a file from its start, where it stands again afterwards."""
    digest = hashlib.sha256()
    while chunk := file.read(CHUNK_BYTES):
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()
