"""A bundle at work: predictor, queue, certificate. Knows no web."""

from .access import Access, Keyring, Tls
from .certificate import Certificate, certify, check
from .intake import content_columns
from .keeper import Keeper
from .microbatch import Queue
from .options import ServingOptions
from .predictor import Predictor
from .present import Answer, present
from .service import Service
from .switch import Switch

__all__ = [
    "Access",
    "Answer",
    "Certificate",
    "Keeper",
    "Keyring",
    "Predictor",
    "Queue",
    "Service",
    "ServingOptions",
    "Switch",
    "Tls",
    "certify",
    "check",
    "content_columns",
    "present",
]
