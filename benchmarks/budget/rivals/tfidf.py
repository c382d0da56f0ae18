"""TF-IDF and logistic regression, as scikit-learn has them; for entities the usual features of a word instead."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from .contender import Contender, compete

ITERATIONS = 1000


def work(contender: Contender) -> None:
    """Fit once, on all training rows."""
    (tag_words if contender.words else label_texts)(contender)


def label_texts(contender: Contender) -> None:
    """Words and pairs of words; characters, 1 to 3, in Chinese."""
    view: dict[str, Any] = {"ngram_range": (1, 2)}
    if contender.told["chinese"]:
        view = {"analyzer": "char", "ngram_range": (1, 3)}
    model = make_pipeline(TfidfVectorizer(sublinear_tf=True, **view), LogisticRegression(max_iter=ITERATIONS))
    model.fit(contender.contents, contender.answers)
    contender.read(lambda texts: model.predict(texts).tolist(), only=True)


def tag_words(contender: Contender) -> None:
    """Each word on its own, from its features and its neighbours."""
    model = make_pipeline(CountVectorizer(analyzer=list, binary=True), LogisticRegression(max_iter=ITERATIONS))
    model.fit(each_word(contender.contents), list(chain.from_iterable(contender.answers)))

    def predict(sentences: Sequence[list[str]]) -> list[list[str]]:
        tags = iter(model.predict(each_word(sentences)).tolist())
        return [[next(tags) for _ in sentence] for sentence in sentences]

    contender.read(predict, only=True)


def each_word(sentences: Sequence[Sequence[str]]) -> list[list[str]]:
    """The features of every word of every sentence, one after the other."""
    return [features(sentence, place) for sentence in sentences for place in range(len(sentence))]


def features(sentence: Sequence[str], place: int) -> list[str]:
    """The word, its ends, its shape, and the words around it."""
    padded = ["<s>", *sentence, "</s>"]
    before, word, after = padded[place : place + 3]
    return [
        f"word={word.lower()}", f"before={before.lower()}", f"after={after.lower()}", f"suffix3={word[-3:]}",
        f"suffix2={word[-2:]}", f"prefix={word[:3]}", f"shape={shape(word)}", f"shape before={shape(before)}",
    ]  # fmt: skip


def shape(word: str) -> str:
    """The kinds of its first characters: "Xxx", "dd", "xx-"."""
    return "".join("X" if c.isupper() else "x" if c.islower() else "d" if c.isdigit() else c for c in word[:4])


if __name__ == "__main__":
    compete(work)
