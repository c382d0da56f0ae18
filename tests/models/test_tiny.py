import hashlib
import json
import threading
from pathlib import Path

import pytest
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from tunewheel.models.folder import appearing, check_folder
from tunewheel.models.tiny import tiny_image, tiny_text

TEXTS = ["The cat sat on the mat.", "The dog ate the cat.", "我的银行卡还没有到。", "退款什么时候到账？"]


def digest(folder: Path) -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(folder.iterdir()))).hexdigest()


@pytest.mark.parametrize("make", [lambda f, s: tiny_text(f, TEXTS, seed=s), tiny_image], ids=["text", "image"])
def test_the_same_seed_gives_the_same_folder(tmp_path: Path, make) -> None:
    made = [make(tmp_path / str(number), seed) for number, seed in enumerate((0, 0, 1))]
    assert digest(made[0]) == digest(made[1]) != digest(made[2])
    assert check_folder(made[0]) == made[0]


def test_tiny_text_reads_english_and_chinese(tmp_path: Path) -> None:
    tokenizer = Tokenizer.from_file(str(tiny_text(tmp_path, TEXTS) / "tokenizer.json"))
    encoded = tokenizer.encode("The cat 退款")
    assert encoded.tokens == ["[CLS]", "The", "cat", "退", "款", "[SEP]"]
    assert [("The cat 退款")[a:b] for a, b in encoded.offsets[1:-1]] == ["The", "cat", "退", "款"]


def test_an_uncased_tiny_text_ignores_capitals(tmp_path: Path) -> None:
    tokenizer = Tokenizer.from_file(str(tiny_text(tmp_path, TEXTS, cased=False) / "tokenizer.json"))
    assert tokenizer.encode("THE CAT").ids == tokenizer.encode("the cat").ids


def test_tiny_text_has_the_tensors_of_transformers_bert(tmp_path: Path) -> None:
    from transformers import BertConfig, BertModel

    folder = tiny_text(tmp_path, TEXTS, layers=1, width=16)
    body = BertModel(BertConfig(**json.loads((folder / "config.json").read_text())), add_pooling_layer=False)
    expected = {name: tuple(tensor.shape) for name, tensor in body.named_parameters()}
    assert {name: tensor.shape for name, tensor in load_file(folder / "model.safetensors").items()} == expected


def test_a_folder_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), appearing(tmp_path / "made") as scratch:
        (scratch / "half").write_text("x")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_two_makers_of_one_folder_agree(tmp_path: Path) -> None:
    together = threading.Barrier(2)

    def make(word: str) -> None:
        with appearing(tmp_path / "made") as scratch:
            (scratch / "word").write_text(word)
            together.wait()

    makers = [threading.Thread(target=make, args=(word,)) for word in ("one", "two")]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()
    assert (tmp_path / "made" / "word").read_text() in ("one", "two")
    assert [path.name for path in tmp_path.iterdir()] == ["made"]
