"""Counts of n-grams of characters against scikit-learn as the oracle."""

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from small_texts import intents

from tunewheel.training.floors.counts import most_frequent, piece_counts

ODD = ["", "  ", "a", "ab  abc\tA\n", "Ünïcode \u00a0 space", "naïve naïve", "x" * 9, "从未 见过", "İstanbul"]


@pytest.mark.parametrize(("least", "most"), [(1, None), (2, None), (1, 100), (2, 37)])
def test_pieces_are_counted_as_scikit_learn_counts_them(least: int, most: int | None) -> None:
    texts = [row["text"] for row in intents(60)] + ODD
    oracle = CountVectorizer(analyzer="char_wb", ngram_range=(2, 4), min_df=least, max_features=most, dtype=np.float32)
    expected = oracle.fit_transform(texts)
    counts, names = most_frequent(*piece_counts(texts, 2, 4), least, most or 10**9)
    assert names == oracle.get_feature_names_out().tolist()
    np.testing.assert_array_equal(counts.toarray(), expected.toarray())


@pytest.mark.parametrize("sizes", [(1, 1), (2, 2), (1, 5)])
def test_pieces_of_other_sizes_are_those_of_scikit_learn(sizes: tuple[int, int]) -> None:
    oracle = CountVectorizer(analyzer="char_wb", ngram_range=sizes, dtype=np.float32)
    expected = oracle.fit_transform(ODD)
    counts, names = most_frequent(*piece_counts(ODD, *sizes), 1, 10**9)
    assert names == oracle.get_feature_names_out().tolist()
    np.testing.assert_array_equal(counts.toarray(), expected.toarray())
