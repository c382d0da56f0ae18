"""A bundle at work: predictor, queue, certificate. Knows no web."""

from .certificate import Certificate, certify, check
from .intake import content_columns
from .microbatch import Queue
from .options import ServingOptions
from .predictor import Predictor
from .present import Answer, present
from .service import Service

__all__ = [
    "Answer",
    "Certificate",
    "Predictor",
    "Queue",
    "Service",
    "ServingOptions",
    "certify",
    "check",
    "content_columns",
    "present",
]
