from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from tunewheel.errors import BundleDamaged, WorkspaceError
from tunewheel.registry import Bundle, bundle

ENTRIES = {"name": "评论", "kind": "module", "task": "text_classification", "base": {"sha256": "0" * 64}}


def fill(folder: Path) -> None:
    save_file({"head": np.arange(6, dtype=np.float32).reshape(2, 3)}, folder / "head.safetensors")
    (folder / "labels.json").write_text('["好", "坏"]', encoding="utf-8")
    (folder / "tokenizer").mkdir()
    (folder / "tokenizer" / "vocab.txt").write_text("a\nb\n", encoding="utf-8")


@pytest.fixture
def written(tmp_path: Path) -> Bundle:
    return bundle.write(tmp_path / "v0001", fill, ENTRIES)


def test_a_bundle_comes_back_as_it_was_written(written: Bundle) -> None:
    opened = bundle.read(written.path).verify()
    assert opened.manifest == written.manifest
    assert opened.json("labels.json") == ["好", "坏"]
    assert opened.text("tokenizer/vocab.txt") == "a\nb\n"
    assert load_file(opened.file("head.safetensors"))["head"].sum() == 15
    assert (opened.manifest.name, opened.manifest.entries) == ("评论", {"base": {"sha256": "0" * 64}})


def test_the_manifest_is_plain_json_with_sizes_and_hashes(written: Bundle) -> None:
    said = json.loads((written.path / "manifest.json").read_text())
    assert said["format"] == 1
    digest = hashlib.sha256(b"a\nb\n").hexdigest()
    assert said["files"]["tokenizer/vocab.txt"] == {"sha256": digest, "size": 4}


def test_a_flipped_byte_is_found_and_named(written: Bundle) -> None:
    path = written.path / "head.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    assert bundle.read(written.path)  # the size is the same
    with pytest.raises(BundleDamaged, match=r"head\.safetensors: the file was changed"):
        written.verify()


def test_damaged_missing_and_unexpected_files_are_named_all_at_once(written: Bundle) -> None:
    (written.path / "labels.json").unlink()
    (written.path / "head.safetensors").write_bytes(b"short")
    (written.path / "tokenizer" / "extra.json").write_text("{}")
    with pytest.raises(BundleDamaged) as caught:
        bundle.read(written.path)
    assert [Path(problem.where).name for problem in caught.value.problems] == [
        "head.safetensors",
        "labels.json",
        "extra.json",
    ]


def test_a_link_in_place_of_a_file_is_refused(written: Bundle, tmp_path: Path) -> None:
    path = written.path / "labels.json"
    (tmp_path / "elsewhere.json").write_bytes(path.read_bytes())
    path.unlink()
    path.symlink_to(tmp_path / "elsewhere.json")
    with pytest.raises(BundleDamaged, match=r"labels\.json: it is a link"):
        bundle.read(written.path)
    path.unlink()
    os.link(tmp_path / "elsewhere.json", path)
    with pytest.raises(BundleDamaged, match=r"labels\.json: it is a hard link"):
        bundle.read(written.path)


def test_a_linked_folder_is_refused(written: Bundle, tmp_path: Path) -> None:
    (written.path / "tokenizer").rename(tmp_path / "tokenizer")
    (written.path / "tokenizer").symlink_to(tmp_path / "tokenizer")
    with pytest.raises(BundleDamaged, match=r"vocab\.txt: it is a link"):
        bundle.read(written.path)


@pytest.mark.parametrize(
    "name", ["../labels.json", "/etc/passwd.json", "a\0.json", "tokenizer/../x.json", "run.py", "x.pkl", "", ".a.json"]
)
def test_a_manifest_that_names_a_forbidden_file_is_refused(written: Bundle, name: str) -> None:
    path = written.path / "manifest.json"
    said = json.loads(path.read_text())
    said["files"][name] = {"sha256": "0" * 64, "size": 1}
    path.write_text(json.dumps(said))
    with pytest.raises(BundleDamaged):
        bundle.read(written.path)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "not JSON"),
        ("[1]", "not a JSON object"),
        ("[" * 100_000, "not JSON"),
        ('{"format": 2}', "pip install -U tunewheel"),
        ('{"format": 1, "name": 3, "files": {"a.json": {"sha256": "x", "size": -1}}}', "sha256"),
    ],
)
def test_a_broken_manifest_is_refused_with_a_sentence(written: Bundle, text: str, sentence: str) -> None:
    (written.path / "manifest.json").write_text(text)
    with pytest.raises(BundleDamaged, match=sentence):
        bundle.read(written.path)


def test_everything_wrong_with_a_manifest_is_said_at_once(written: Bundle) -> None:
    (written.path / "manifest.json").write_text('{"format": 1, "files": {"a.json": {"sha256": "x", "size": -1}}}')
    with pytest.raises(BundleDamaged) as caught:
        bundle.read(written.path)
    assert len(caught.value.problems) == 6  # name, kind, task, created, sha256, size


def test_a_folder_without_manifest_or_no_folder_is_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(BundleDamaged, match="no bundle folder"):
        bundle.read(tmp_path / "nowhere")
    with pytest.raises(BundleDamaged, match=r"no manifest\.json"):
        bundle.read(tmp_path)


def test_a_file_the_bundle_does_not_have_is_named(written: Bundle) -> None:
    assert "labels.json" in written
    assert "card.md" not in written
    with pytest.raises(BundleDamaged, match=r"no file 'card\.md'"):
        written.text("card.md")
    with pytest.raises(BundleDamaged, match="not JSON"):
        written.json("tokenizer/vocab.txt")


def test_a_text_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    def fill_latin(folder: Path) -> None:
        (folder / "card.md").write_bytes(b"caf\xe9")

    with pytest.raises(BundleDamaged, match=r"card\.md: the file is not UTF-8"):
        bundle.write(tmp_path / "v0001", fill_latin, ENTRIES).text("card.md")


@pytest.mark.parametrize("name", ["weights.bin", "model.pkl", "manifest.json", ".hidden.json"])
def test_a_file_that_no_bundle_may_hold_is_not_written(tmp_path: Path, name: str) -> None:
    def fill_badly(folder: Path) -> None:
        (folder / name).write_bytes(b"x")

    with pytest.raises(WorkspaceError, match=name):
        bundle.write(tmp_path / "v0001", fill_badly, ENTRIES)
    assert list(tmp_path.iterdir()) == []


def test_when_filling_fails_nothing_is_left(tmp_path: Path) -> None:
    def fill_halfway(folder: Path) -> None:
        fill(folder)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bundle.write(tmp_path / "v0001", fill_halfway, ENTRIES)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_said_in_a_sentence(tmp_path: Path) -> None:
    def fill_full(folder: Path) -> None:
        raise OSError(28, "No space left on device", str(folder / "head.safetensors"))

    with pytest.raises(WorkspaceError, match=r"head\.safetensors: it could not be written: No space left"):
        bundle.write(tmp_path / "v0001", fill_full, ENTRIES)


def test_a_bundle_is_never_replaced(written: Bundle) -> None:
    with pytest.raises(WorkspaceError, match="never replaced"):
        bundle.write(written.path, fill, ENTRIES)
    written.verify()
