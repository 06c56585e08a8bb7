from __future__ import annotations

import os
from pathlib import Path

import pytest

from ecm.search import manifest as manifests
from ecm.search.manifest import FileSum, Manifest, ManifestError, SegmentRecord

MANIFEST = Manifest(
    "schema ї",
    (SegmentRecord("a", 3, frozenset({0, 2})), SegmentRecord("b", 1, frozenset())),
    {"a.x": FileSum(5, 12345), "b.x": FileSum(0, 0)},
)


def test_a_manifest_is_read_as_it_was_written(tmp_path: Path) -> None:
    raw = manifests.publish(tmp_path, MANIFEST)
    assert manifests.read_raw(tmp_path) == raw
    assert Manifest.from_bytes(raw) == MANIFEST
    assert [path.name for path in tmp_path.iterdir()] == [manifests.NAME]


def test_a_flipped_bit_anywhere_in_it_is_noticed() -> None:
    raw = MANIFEST.to_bytes()
    for at in range(len(raw)):
        for bit in range(8):
            with pytest.raises(ManifestError):
                Manifest.from_bytes(raw[:at] + bytes([raw[at] ^ 1 << bit]) + raw[at + 1 :])
    for at in range(len(raw)):
        with pytest.raises(ManifestError):
            Manifest.from_bytes(raw[:at])


def test_no_folder_and_an_empty_folder_are_no_index(tmp_path: Path) -> None:
    assert manifests.read_raw(tmp_path / "none") is None
    assert manifests.read_raw(tmp_path) is None
    (tmp_path / "manifest.new").write_bytes(b"killed on the way")
    assert manifests.read_raw(tmp_path) is None


def test_an_index_that_has_lost_its_manifest_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "MAIN_1.trm").write_bytes(b"")
    with pytest.raises(ManifestError, match="the manifest is missing"):
        manifests.read_raw(tmp_path)


def test_files_are_compared_with_their_sums(tmp_path: Path) -> None:
    path = tmp_path / "a.x"
    path.write_bytes(b"x" * 3_000_000)
    manifest = Manifest("s", (), {"a.x": manifests.seal(path)})
    assert manifest.files["a.x"].size_bytes == 3_000_000
    manifests.verify(tmp_path, manifest)
    path.write_bytes(b"x" * 2_999_999 + b"y")
    with pytest.raises(ManifestError, match=r"a\.x is damaged"):
        manifests.verify(tmp_path, manifest)
    path.unlink()
    with pytest.raises(ManifestError, match=r"a\.x is missing"):
        manifests.verify(tmp_path, manifest)


def test_a_manifest_is_durable_before_it_has_its_name_and_the_name_when_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def watched_fsync(descriptor: int) -> None:
        steps.append("sync " + Path(os.readlink(f"/proc/self/fd/{descriptor}")).name)
        fsync(descriptor)

    def watched_replace(path: Path, target: Path) -> Path:
        steps.append(f"rename {path.name} {target.name}")
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", watched_fsync)
    monkeypatch.setattr(Path, "replace", watched_replace)
    manifests.publish(tmp_path, MANIFEST)
    assert steps == ["sync manifest.new", "rename manifest.new manifest", f"sync {tmp_path.name}"]
