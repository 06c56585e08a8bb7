"""What can go wrong with bytes, in the words of this room. Drivers' own errors never leave it."""


class StorageError(Exception):
    """Root of everything that storage raises. `code` is stable; facts are attributes."""

    code = "storage_error"


class NotFound(StorageError):
    """No blob stands under the key."""

    code = "blob_not_found"

    def __init__(self, key: str) -> None:
        super().__init__(f"no blob under {key!r}")
        self.key = key


class AlreadyExists(StorageError):
    """A blob stands under the key already; blobs are written once and never replaced."""

    code = "blob_exists"

    def __init__(self, key: str) -> None:
        super().__init__(f"a blob stands under {key!r} already")
        self.key = key


class InvalidKey(StorageError):
    """The key is not of the form that `interface.KEY_PATTERN` allows. A mistake in the calling code."""

    code = "invalid_key"

    def __init__(self, key: str) -> None:
        super().__init__(f"{key!r} cannot be a key")
        self.key = key


class Corrupt(StorageError):
    """The bytes are not what was promised: another size or another checksum. Nothing was kept."""

    code = "corrupt"

    def __init__(self, key: str, what: str, expected: object, found: object) -> None:
        super().__init__(f"{key!r}: {what} should be {expected}, found {found}")
        self.key = key
        self.what = what
        self.expected = expected
        self.found = found


class Unavailable(StorageError):
    """The backend cannot serve now: a full disk, no network, refused credentials, a missing bucket.

    Another try may succeed once the cause is gone.
    """

    code = "storage_unavailable"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class QuotaExceeded(StorageError):
    """The bytes do not fit into what the tariff leaves. All figures are in bytes.

    `scope` is ``company`` or ``user``. `trash_bytes` is what the trash holds of the same scope,
    `purgeable_bytes` the part of it that the asking user may purge.
    """

    code = "quota_exceeded"

    def __init__(
        self,
        *,
        scope: str,
        limit_bytes: int,
        used_bytes: int,
        reserved_bytes: int,
        requested_bytes: int,
        trash_bytes: int = 0,
        purgeable_bytes: int = 0,
    ) -> None:
        super().__init__(
            f"{requested_bytes} bytes do not fit: the {scope}'s limit is {limit_bytes}, "
            f"{used_bytes} are used and {reserved_bytes} are reserved by uploads under way"
        )
        self.scope = scope
        self.limit_bytes = limit_bytes
        self.used_bytes = used_bytes
        self.reserved_bytes = reserved_bytes
        self.requested_bytes = requested_bytes
        self.trash_bytes = trash_bytes
        self.purgeable_bytes = purgeable_bytes
