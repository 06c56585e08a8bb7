"""Office files that are encrypted: opened where the password is one that every reader knows, else refused.

Excel encrypts a workbook whose structure is protected with a password of its own that people never type:
https://learn.microsoft.com/openspecs/office_file_formats/ms-offcrypto, 2.4.2.3. Anybody may read such a file.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .interface import Unreadable

_OLE_START = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_KNOWN_TO_ALL = "VelvetSweatshop"
_SPINS_LIMIT = 1_000_000  # how often a password may have to be hashed; Office does so 100,000 times


@contextmanager
def unprotected(path: Path) -> Iterator[Path]:
    """Give the path of an Office file (zip) that can be read: this one, or for the time a decrypted copy.

    Raises `Unreadable` when it takes a password, or when it is a compound file without a package in it.
    """
    with path.open("rb") as file:
        is_package = not file.read(len(_OLE_START)).startswith(_OLE_START)
    if is_package:
        yield path
        return
    with decrypted(path) as copy:
        yield copy


@contextmanager
def decrypted(path: Path) -> Iterator[Path]:
    """Give for the time the path of a decrypted copy. Raises `Unreadable` when it takes a password."""
    import msoffcrypto
    from msoffcrypto.exceptions import DecryptionError, FileFormatError, InvalidKeyError, ParseError

    with tempfile.NamedTemporaryFile(prefix="unprotected-") as copy, path.open("rb") as file:
        try:
            document = msoffcrypto.OfficeFile(file)
            if not document.is_encrypted():
                raise Unreadable("damaged", "the file is no document of its format")
            if getattr(document, "info", {}).get("spinValue", 0) > _SPINS_LIMIT:
                raise Unreadable("encrypted", "the file is protected by a password")
            document.load_key(password=_KNOWN_TO_ALL)
            document.decrypt(copy)
        except (InvalidKeyError, DecryptionError) as error:
            raise Unreadable("encrypted", "the file is protected by a password") from error
        except (FileFormatError, ParseError, OSError) as error:
            raise Unreadable("damaged", "the file is cut short, or is no document of its format") from error
        copy.flush()
        yield Path(copy.name)
