from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_texts import every_text
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from tunewheel.data.words import join_words, split_words
from tunewheel.models.text.words import WordPieces

TEXTS = [*every_text()[::7], "naïve café", "New York", "don't stop", "北京上海"]


def word_pieces() -> Tokenizer:
    made = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.train_from_iterator(
        TEXTS, trainers.WordPieceTrainer(vocab_size=600, special_tokens=["[UNK]"], show_progress=False)
    )
    return made


def sentence_pieces() -> Tokenizer:
    """As XLM-RoBERTa and E5 have it: a mark for every space, Chinese in pieces of several characters."""
    made = Tokenizer(models.Unigram())
    made.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(" {2,}", " ")])
    made.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    made.decoder = decoders.Metaspace()
    trainer = trainers.UnigramTrainer(vocab_size=500, special_tokens=["<unk>"], unk_token="<unk>", show_progress=False)
    made.train_from_iterator(TEXTS, trainer)
    return made


def byte_pairs() -> Tokenizer:
    """As RoBERTa has it: bytes, a space belongs to the word behind it."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=600,
        special_tokens=["<unk>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    made.train_from_iterator(TEXTS, trainer)
    return made


@pytest.fixture(scope="module", params=[word_pieces, sentence_pieces, byte_pairs], ids=lambda make: make.__name__)
def tokenizer(request: pytest.FixtureRequest) -> Tokenizer:
    make: Callable[[], Tokenizer] = request.param
    return make()


def test_every_word_has_a_piece_of_its_own(tokenizer: Tokenizer) -> None:
    words = split_words("Anna Smith says: 我的新卡没有到, naïve café\u200b \u0301 don't!")
    pieces = WordPieces(tokenizer).of(words)
    assert len(pieces) == len(words)
    assert all(len(ids) > 0 for ids in pieces)


def test_words_joined_give_the_pieces_of_the_plain_text(tokenizer: Tokenizer) -> None:
    for text in ("My friend says the fee is wrong", "please help"):
        pieces = WordPieces(tokenizer)
        flat = [piece for ids in pieces.of(split_words(text)) for piece in ids]
        # Bytes: the first word is marked like all others. SentencePiece: a space mark alone carries no word.
        plain = tokenizer.encode(f" {text}" if pieces.byte_level else text, add_special_tokens=False).ids
        assert flat == [piece for piece in plain if piece != pieces.mark]


def test_a_chinese_piece_never_spans_two_words(tokenizer: Tokenizer) -> None:
    """As one text the tokenizer may join characters; each word's pieces must decode to that word alone."""
    words = join_words(list("我的银行卡没有到"))
    for word, ids in zip(words.words(), WordPieces(tokenizer).of(words), strict=True):
        said = tokenizer.decode(list(ids)).strip()
        assert said in (word, "[UNK]", "<unk>", "")


def test_a_name_glued_to_chinese_keeps_its_own_first_piece(tokenizer: Tokenizer) -> None:
    words = split_words("我的card没有到")
    assert words.words() == ["我", "的", "card", "没", "有", "到"]
    pieces = WordPieces(tokenizer).of(words)
    assert "card".startswith(tokenizer.decode([pieces[2][0]]).strip())


@pytest.mark.parametrize("odd", ["\u200b", "\ufeff", "\u0301", "\u00ad"])
def test_a_word_that_normalises_to_nothing_still_has_a_piece(tokenizer: Tokenizer, odd: str) -> None:
    pieces = WordPieces(tokenizer).of(join_words(["fee", odd, "card"]))
    assert [len(ids) > 0 for ids in pieces] == [True, True, True]


@given(st.text(max_size=40))
@settings(max_examples=60)
def test_any_text_has_pieces_for_every_word_and_bounds_that_fit(tokenizer: Tokenizer, text: str) -> None:
    words = split_words(text)
    assert len(WordPieces(tokenizer).of(words)) == len(words)
    assert all(0 <= start < end <= len(text) for start, end in words.bounds)
    assert all(text[start:end].strip() for start, end in words.bounds)


def test_a_space_before_a_word_counts_where_the_tokenizer_marks_spaces() -> None:
    pieces = WordPieces(sentence_pieces())
    apart, glued = pieces.of(split_words("fee card"))[1], pieces.of(join_words(["我", "card"], spaces=False))[1]
    assert pieces.tokenizer.id_to_token(apart[0]).startswith("▁")
    assert not pieces.tokenizer.id_to_token(glued[0]).startswith("▁")
