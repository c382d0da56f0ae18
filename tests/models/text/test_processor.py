import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from small_texts import every_text, intents, names

from tunewheel.data.words import join_words, split_words
from tunewheel.errors import ModelDamaged, RecipeError
from tunewheel.models.text.processor import TextProcessor
from tunewheel.records import Words

LONG = " ".join(row["text"] for row in intents(30))


@pytest.fixture(scope="module")
def processor(tiny_folder: Path) -> TextProcessor:
    return TextProcessor.load(tiny_folder)


def tokens_of(processor: TextProcessor, ids: np.ndarray) -> list[str]:
    return [str(processor.tokenizer.id_to_token(int(number))) for number in ids]


def test_a_text_is_encoded_as_its_tokenizer_would(processor: TextProcessor) -> None:
    texts = [row["text"] for row in intents(5)] + ["", "请问我的银行卡没有到"]
    batch = processor.encode(texts)
    expected = [processor.tokenizer.encode(text).ids for text in texts]
    assert batch["ids"].tolist() == [piece for ids in expected for piece in ids]
    assert batch["tokens"].tolist() == batch["lengths"].tolist() == [len(ids) for ids in expected]
    assert [processor.measure(text) for text in texts] == [len(ids) for ids in expected]


def test_a_long_text_is_read_whole_in_overlapping_windows(tiny_folder: Path) -> None:
    short = TextProcessor.load(tiny_folder, max_tokens=32)
    batch = short.encode([LONG])
    assert batch["windows"].tolist() == [len(batch["lengths"])] and batch["lengths"].max() <= 32
    ids, read, ends = short.tokenizer.encode(LONG, add_special_tokens=False).ids, 0, np.cumsum(batch["lengths"])
    for start, end in zip(ends - batch["lengths"], ends, strict=True):
        window = batch["ids"][start:end].tolist()
        assert (window[0], window[-1]) == (short.opening[0], short.closing[0])
        inside = window[1:-1]
        place = next(p for p in range(max(read - 30, 0), read + 1) if ids[p : p + len(inside)] == inside)
        assert place <= read
        read = max(read, place + len(inside))
    assert read == len(ids)


def test_a_prefix_stands_before_every_window_of_a_text_but_not_before_words(tiny_folder: Path, tmp_path: Path) -> None:
    plain = TextProcessor.load(tiny_folder)
    with_prefix = TextProcessor(plain.tokenizer, max_tokens=32, prefix="Hello,")
    batch = with_prefix.encode([LONG])
    starts = np.cumsum(batch["lengths"]) - batch["lengths"]
    assert all(tokens_of(plain, batch["ids"][start : start + 3]) == ["[CLS]", "Hello", ","] for start in starts)
    words = with_prefix.encode([split_words("the fee")])
    assert tokens_of(plain, words["ids"]) == ["[CLS]", "the", "fee", "[SEP]"]
    with_prefix.save(tmp_path)
    again = TextProcessor.load(tmp_path)
    assert again.encode([LONG])["ids"].tolist() == batch["ids"].tolist()


def test_the_first_piece_of_each_word_is_where_it_says(processor: TextProcessor) -> None:
    contents = [join_words(row["words"]) for row in names(6)] + [split_words("请问, 我的新卡 looks odd")]
    batch = processor.encode(contents)
    offsets = np.repeat(np.cumsum(batch["tokens"]) - batch["tokens"], batch["words"])
    found = tokens_of(processor, batch["ids"][offsets + batch["first"]])
    expected = [
        processor.tokenizer.encode(word, add_special_tokens=False).tokens[0] for c in contents for word in c.words()
    ]
    assert found == expected


def test_in_a_long_document_each_word_is_read_once_at_its_own_first_piece(tiny_folder: Path) -> None:
    short = TextProcessor.load(tiny_folder, max_tokens=24)
    content = join_words([word for row in names(20) for word in row["words"]])
    batch = short.encode([content])
    assert batch["windows"][0] > 5 and batch["lengths"].max() <= 24
    found = tokens_of(short, batch["ids"][batch["first"]])
    assert found == [short.tokenizer.encode(word, add_special_tokens=False).tokens[0] for word in content.words()]
    assert len(set(batch["first"].tolist())) == len(content)


def test_a_word_longer_than_a_window_is_read_by_its_beginning(tiny_folder: Path) -> None:
    short = TextProcessor.load(tiny_folder, max_tokens=8)
    batch = short.encode([Words("x" * 40 + " fee", ((0, 40), (41, 44)))])
    assert batch["lengths"].max() <= 8 and len(batch["first"]) == 2


def test_examples_do_not_know_each_other(processor: TextProcessor) -> None:
    texts = [LONG, "fee", ""]
    together, alone = processor.encode(texts), [processor.encode([text]) for text in texts]
    for name in ("ids", "lengths", "windows", "tokens"):
        assert together[name].tolist() == [value for batch in alone for value in batch[name].tolist()]


@pytest.mark.parametrize("kind", ["texts", "words"])
def test_texts_tokenised_a_few_at_a_time_are_those_tokenised_at_once(
    tiny_folder: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    short = TextProcessor.load(tiny_folder, max_tokens=32)
    texts = [LONG, "", *(row["text"] for row in intents(9)), "请问我的银行卡没有到"]
    contents = texts if kind == "texts" else [split_words(text) for text in texts]
    at_once = short.encode(contents)
    monkeypatch.setattr("tunewheel.models.text.processor.SLAB", 2)
    batch = short.encode(contents)
    assert batch.arrays.keys() == at_once.arrays.keys() and batch.by == at_once.by
    for name, array in batch.arrays.items():
        assert array.dtype == np.int32
        assert array.tolist() == at_once[name].tolist()


def test_no_texts_are_an_empty_batch(processor: TextProcessor) -> None:
    assert len(processor.encode([])) == 0


def test_a_model_reads_no_more_at_once_than_it_can(tiny_folder: Path) -> None:
    with pytest.raises(RecipeError, match="reads 512 tokens at once"):
        TextProcessor.load(tiny_folder, max_tokens=4096)


def test_a_broken_tokenizer_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text('{"model": 3}')
    with pytest.raises(ModelDamaged, match=r"tokenizer.json cannot be read"):
        TextProcessor.load(tmp_path)


def test_the_vocabulary_knows_all_texts(processor: TextProcessor) -> None:
    assert "[UNK]" not in {token for text in every_text() for token in processor.tokenizer.encode(text).tokens}


@pytest.mark.parametrize(("family", "longest"), [("bert", 300), ("roberta", 298)])
def test_a_strangers_body_reads_as_much_as_its_configuration_says(
    tiny_folder: Path, tmp_path: Path, family: str, longest: int
) -> None:
    shutil.copy(tiny_folder / "tokenizer.json", tmp_path)
    config = {"model_type": family, "max_position_embeddings": 300}
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert TextProcessor.load(tmp_path).max_tokens == longest


def test_many_texts_are_tokenised_in_slabs_with_the_same_ids(processor: TextProcessor, monkeypatch) -> None:
    texts = [row["text"] for row in intents(20)]
    whole = processor.encode(texts)
    monkeypatch.setattr("tunewheel.models.text.processor.SLAB", 3)
    parts = processor.encode(texts)
    assert all(np.array_equal(parts[name], whole[name]) for name in whole.arrays)


def test_a_strangers_long_windows_are_read_when_asked_for(tiny_folder: Path, tmp_path: Path) -> None:
    shutil.copy(tiny_folder / "tokenizer.json", tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "modernbert", "max_position_embeddings": 8192}))
    assert TextProcessor.load(tmp_path).max_tokens == 512
    assert TextProcessor.load(tmp_path, max_tokens=4096).max_tokens == 4096
