"""Gets what only the system can give: ``.venv/bin/python -m scripts.system_parts [--tests]``.

libmagic, without which `ecm` finds no file types, must be had: where we may not install it, it is
unpacked into `.venv`. Parts that read scans and archives may be missing, and those files then have no
text. Parts that only tests want may be missing; the tests say which, and skip them.
"""

from __future__ import annotations

import argparse
import ctypes
import ctypes.util
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from scripts import debian

UNPACKED = Path(sys.prefix) / "debian"
FONT = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")


@dataclass(frozen=True, slots=True)
class Part:
    """`find` tells whether the part is here, `packages` are Debian's names of what brings it."""

    name: str
    packages: tuple[str, ...]
    find: Callable[[], bool]


def has_libmagic() -> bool:
    """Whether this Python can load libmagic, the way that python-magic does."""
    try:
        ctypes.CDLL("libmagic.so.1")
    except OSError:
        return False
    return True


def has_libarchive() -> bool:
    return ctypes.util.find_library("archive") is not None


def has_tesseract() -> bool:
    """Whether scans can be read in the three languages."""
    program = shutil.which("tesseract")
    if program is None:
        return False
    listed = subprocess.run([program, "--list-langs"], capture_output=True, text=True, check=False).stdout
    return {"ukr", "rus", "eng"} <= set(listed.split())


def has_libreoffice() -> bool:
    return shutil.which("soffice") is not None


def has_chromium() -> bool:
    return any(shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))


LIBMAGIC = Part("libmagic", ("libmagic1",), has_libmagic)
READING_PARTS = (
    Part("libarchive, to read archives", ("libarchive13",), has_libarchive),
    Part(
        "Tesseract, to read scans", ("tesseract-ocr", "tesseract-ocr-ukr", "tesseract-ocr-rus"), has_tesseract
    ),
)
TEST_PARTS = (
    Part(
        "LibreOffice, to show office documents",
        ("libreoffice-writer-nogui", "libreoffice-calc-nogui", "libreoffice-impress-nogui"),
        has_libreoffice,
    ),
    Part("a browser (Chromium)", ("chromium",), has_chromium),
    Part("a font with Cyrillic letters (DejaVu)", ("fonts-dejavu-core",), FONT.exists),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tests", action="store_true", help="also what only tests want")
    arguments = parser.parse_args()
    get_libmagic()
    for part in READING_PARTS:
        if not part.find():
            get_part(part, "files that need it have no text")
    for part in TEST_PARTS if arguments.tests else ():
        if not part.find():
            get_part(part, "tests that need it are skipped, or fail with ECM_REQUIRE_ALL=1")


def get_libmagic() -> None:
    if LIBMAGIC.find():
        return
    try:
        print("installing libmagic ...", flush=True)
        debian.install(*LIBMAGIC.packages)
    except debian.Unavailable as why_not_installed:
        try:
            unpack_libmagic()
        except debian.Unavailable as why_not_unpacked:
            sys.exit(
                f"libmagic is missing and must be installed by an administrator "
                f"(apt-get install {' '.join(LIBMAGIC.packages)}): {why_not_installed}; {why_not_unpacked}"
            )


def unpack_libmagic() -> None:
    """Put libmagic and its database into `.venv`, and have this Python load them when it starts.

    Debian's library looks for its database at a fixed place, hence MAGIC.
    """
    debian.unpack(UNPACKED, *LIBMAGIC.packages)
    libraries = sorted(UNPACKED.glob("usr/lib/*/libmagic.so.1"))
    databases = sorted(UNPACKED.glob("usr/lib/file/magic.mgc"))
    if not libraries or not databases:
        raise debian.Unavailable("the packages did not hold libmagic where it was expected")
    start = Path(sysconfig.get_path("purelib")) / "libmagic-unpacked.pth"
    start.write_text(
        f"import ctypes, os; os.environ.setdefault('MAGIC', {str(databases[0])!r});"
        f" ctypes.CDLL({str(libraries[0])!r})\n"
    )
    print(f"libmagic could not be installed: it is unpacked in {UNPACKED}")


def get_part(part: Part, without_it: str) -> None:
    try:
        print(f"installing {part.name} ...", flush=True)
        debian.install(*part.packages)
    except debian.Unavailable as reason:
        print(f"{part.name}: missing (apt-get install {' '.join(part.packages)}): {reason}")
        print(without_it)


if __name__ == "__main__":
    main()
