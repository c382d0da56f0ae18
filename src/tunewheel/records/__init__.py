"""The nouns that travel between rooms."""

from .answers import Prediction, Ratio, Scores
from .batch import Array, Batch, ranges
from .example import Example, Picture, Row, Source, Span, Words, content_key
from .options import Options
from .step import Step

__all__ = [
    "Array",
    "Batch",
    "Example",
    "Options",
    "Picture",
    "Prediction",
    "Ratio",
    "Row",
    "Scores",
    "Source",
    "Span",
    "Step",
    "Words",
    "content_key",
    "ranges",
]
