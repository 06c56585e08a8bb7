"""A bucket of an S3-compatible service: its operations, and its driver's errors in our words."""

from __future__ import annotations

import base64
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import IO, TYPE_CHECKING

from botocore import exceptions as boto_errors

from .errors import AlreadyExists, Corrupt, NotFound, StorageError, Unavailable
from .interface import BlobInfo

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from mypy_boto3_s3 import S3Client

WRITER = "ecm-write"
"""The metadata that tells whose write an object is."""

DriverError = (boto_errors.BotoCoreError, boto_errors.ClientError)


def translate(error: Exception, bucket: str, key: str) -> StorageError:
    """What an error of boto3 means here. The one place that knows."""
    match error:
        case boto_errors.ClientError():
            return translate_answer(error, bucket, key)
        case boto_errors.NoCredentialsError() | boto_errors.PartialCredentialsError():
            return Unavailable("no credentials for S3 were found")
        case boto_errors.ConnectTimeoutError() | boto_errors.ReadTimeoutError():
            return Unavailable("S3 did not answer in time")
        case boto_errors.EndpointConnectionError():
            return Unavailable("S3 cannot be reached: no connection")
        case (
            boto_errors.HTTPClientError() | boto_errors.ConnectionError() | boto_errors.IncompleteReadError()
        ):
            return Unavailable("the connection to S3 broke")
    return Unavailable(f"S3 cannot be used: {error}")


def translate_answer(error: boto_errors.ClientError, bucket: str, key: str) -> StorageError:
    """The error of storage that an S3 server's refusal stands for, by its code, or else its status."""
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = get_status(error)
    match code:
        case "NoSuchKey" | "NoSuchUpload" | "NotFound" | "404":
            return NotFound(key)
        case "PreconditionFailed" | "412":
            return AlreadyExists(key)
        case "InvalidRange" | "416":
            return Corrupt(key, "range", "within the blob", "outside")
        case "InvalidPart" | "InvalidPartOrder" | "EntityTooSmall":
            return Corrupt(key, "a part of the upload", "as it was sent", f"another ({code})")
        case "NoSuchBucket":
            return Unavailable(f"the bucket {bucket!r} does not exist")
        case "ConditionalRequestConflict" | "OperationAborted":
            return Unavailable("S3 was changing the same object; another try may succeed")
        case "BadDigest" | "XAmzContentSHA256Mismatch":
            return Unavailable("the bytes were damaged on the way to S3")
    if status in (401, 403):
        return Unavailable(f"S3 refused the credentials, or the access to the bucket {bucket!r} ({code})")
    if status >= 500 or code == "SlowDown":
        return Unavailable(f"S3 is busy or failing ({code or status})")
    return Unavailable(f"S3 refused the request ({code or status})")


def get_status(error: boto_errors.ClientError) -> int:
    """The HTTP status of an S3 server's refusal; 0 where it told none."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


class Bucket:
    """A bucket, and a prefix in it that all names here are relative to. Raises StorageError only.

    The client is made on first use and again after a fork, whose sockets are the parent's.
    """

    def __init__(self, name: str, prefix: str, connect: Callable[[], S3Client]) -> None:
        self.name = name
        self.prefix = prefix
        self._connect = connect
        self._lock = threading.Lock()
        self._client: tuple[int, S3Client] | None = None

    @contextmanager
    def errors(self, key: str) -> Iterator[None]:
        try:
            yield
        except DriverError as error:
            raise translate(error, self.name, key) from error

    @property
    def client(self) -> S3Client:
        made = self._client
        if made is None or made[0] != os.getpid():
            with self._lock:
                made = self._client
                if made is None or made[0] != os.getpid():
                    made = self._client = (os.getpid(), self._connect())
        return made[1]

    def put(self, key: str, body: IO[bytes] | bytes, sha256: str, *, writer: str) -> None:
        """Put a new object in one request. AlreadyExists."""
        checksum = base64.b64encode(bytes.fromhex(sha256)).decode()
        with self.errors(key):
            try:
                self.client.put_object(
                    Bucket=self.name,
                    Key=self.prefix + key,
                    Body=body,
                    ChecksumSHA256=checksum,
                    Metadata={WRITER: writer},
                    IfNoneMatch="*",
                )
            except boto_errors.ClientError as error:
                if not self._was_done(error, key, writer):
                    raise

    def _was_done(self, error: boto_errors.ClientError, key: str, writer: str) -> bool:
        """Whether what refused a conditional write was an earlier try of itself, whose answer was lost."""
        if get_status(error) not in (404, 412) or not error.response["ResponseMetadata"].get("RetryAttempts"):
            return False
        try:
            head = self.client.head_object(Bucket=self.name, Key=self.prefix + key)
        except boto_errors.ClientError:
            return False
        return head["Metadata"].get(WRITER) == writer

    def begin_parts(self, key: str, *, writer: str) -> str:
        """Start a multipart upload; the answer is its id."""
        with self.errors(key):
            answer = self.client.create_multipart_upload(
                Bucket=self.name, Key=self.prefix + key, Metadata={WRITER: writer}
            )
        return answer["UploadId"]

    def put_part(self, key: str, upload_id: str, number: int, body: IO[bytes]) -> str:
        """Add or replace a part, counted from 1; the answer is its ETag.

        The signature covers the body, so that S3 itself refuses one that was damaged on its way.
        """
        with self.errors(key):
            answer = self.client.upload_part(
                Bucket=self.name, Key=self.prefix + key, UploadId=upload_id, PartNumber=number, Body=body
            )
        return answer["ETag"].strip('"')

    def complete_parts(self, key: str, upload_id: str, etags: list[str], *, writer: str) -> None:
        """Publish a multipart upload. AlreadyExists; NotFound when the upload is no more."""
        parts = [{"PartNumber": number, "ETag": f'"{etag}"'} for number, etag in enumerate(etags, 1)]
        with self.errors(key):
            try:
                self.client.complete_multipart_upload(
                    Bucket=self.name,
                    Key=self.prefix + key,
                    UploadId=upload_id,
                    MultipartUpload={"Parts": parts},  # type: ignore[typeddict-item]
                    IfNoneMatch="*",
                )
            except boto_errors.ClientError as error:
                if not self._was_done(error, key, writer):
                    raise

    def abort_parts(self, key: str, upload_id: str) -> None:
        """Forget a multipart upload; one that is no more is no error."""
        try:
            with self.errors(key):
                self.client.abort_multipart_upload(
                    Bucket=self.name, Key=self.prefix + key, UploadId=upload_id
                )
        except NotFound:
            return

    def get(self, key: str, byte_range: str | None = None) -> tuple[Body, int]:
        """Open an object or a range of it (``first-last``, ``first-``); with the size of the whole."""
        with self.errors(key):
            if byte_range is None:
                answer = self.client.get_object(Bucket=self.name, Key=self.prefix + key)
                return Body(self, key, answer["Body"]), answer["ContentLength"]
            answer = self.client.get_object(
                Bucket=self.name, Key=self.prefix + key, Range=f"bytes={byte_range}"
            )
        if "ContentRange" not in answer:
            answer["Body"].close()
            raise Unavailable("this S3 service does not know ranges")
        return Body(self, key, answer["Body"]), int(answer["ContentRange"].rpartition("/")[2])

    def head(self, key: str) -> BlobInfo:
        """What is known of an object. NotFound, but Unavailable when there is no bucket either."""
        try:
            with self.errors(key):
                answer = self.client.head_object(
                    Bucket=self.name, Key=self.prefix + key, ChecksumMode="ENABLED"
                )
        except NotFound:
            # The answer to a HEAD has no body that could say which of the two is missing.
            self._check_bucket()
            raise
        checksum = answer.get("ChecksumSHA256", "-")  # one with a dash is of the parts' checksums
        sha256 = None if "-" in checksum else base64.b64decode(checksum).hex()
        return BlobInfo(key, answer["ContentLength"], answer["LastModified"], sha256)

    def _check_bucket(self) -> None:
        try:
            with self.errors(""):
                self.client.head_bucket(Bucket=self.name)
        except NotFound as error:
            raise Unavailable(f"the bucket {self.name!r} does not exist") from error

    def delete(self, *keys: str) -> None:
        """Delete objects, a thousand at most; those that are not there are no error."""
        with self.errors(keys[0]):
            if len(keys) == 1:
                self.client.delete_object(Bucket=self.name, Key=self.prefix + keys[0])
                return
            answer = self.client.delete_objects(
                Bucket=self.name,
                Delete={"Objects": [{"Key": self.prefix + key} for key in keys], "Quiet": True},
            )
        for error in answer.get("Errors", []):
            raise Unavailable(f"S3 did not delete an object ({error.get('Code')})")

    def list(self, prefix: str) -> Iterator[BlobInfo]:
        """All objects under a prefix, in the service's order."""
        with self.errors(prefix):
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self.name, Prefix=self.prefix + prefix
            )
            for page in pages:
                for found in page.get("Contents", []):
                    key = found["Key"].removeprefix(self.prefix)
                    yield BlobInfo(key, found["Size"], found["LastModified"])

    def list_parts_begun(self) -> Iterator[tuple[str, str, datetime]]:
        """The multipart uploads under way: key, id, and when the last byte came."""
        with self.errors(""):
            uploads = self.client.get_paginator("list_multipart_uploads")
            parts = self.client.get_paginator("list_parts")
            for page in uploads.paginate(Bucket=self.name, Prefix=self.prefix):
                for found in page.get("Uploads", []):
                    times = [found["Initiated"]]
                    try:
                        for part_page in parts.paginate(
                            Bucket=self.name, Key=found["Key"], UploadId=found["UploadId"]
                        ):
                            times += [part["LastModified"] for part in part_page.get("Parts", [])]
                    except self.client.exceptions.NoSuchUpload:
                        continue  # it came to an end meanwhile
                    yield found["Key"].removeprefix(self.prefix), found["UploadId"], max(times)

    def presign(self, key: str, *, expires_s: int, disposition: str, media_type: str) -> str:
        with self.errors(key):
            return self.client.generate_presigned_url(
                "get_object",
                Params={
                    "Bucket": self.name,
                    "Key": self.prefix + key,
                    "ResponseContentDisposition": disposition,
                    "ResponseContentType": media_type,
                },
                ExpiresIn=expires_s,
            )


class Body:
    """The bytes of an answer, whose errors are ours."""

    def __init__(self, bucket: Bucket, key: str, opened: StreamingBody) -> None:
        self._bucket = bucket
        self._key = key
        self._opened = opened

    def read(self, size: int, /) -> bytes:
        with self._bucket.errors(self._key):
            return self._opened.read(size)

    def close(self) -> None:
        self._opened.close()
