"""A bundle at work: predictor, queue, certificate. Knows no web."""

from .access import Access, Keyring, Tls, is_loopback
from .beside import Beside
from .certificate import Certificate, certify, check
from .intake import content_columns
from .keeper import Keeper
from .microbatch import Queue
from .options import ServingOptions
from .pending import Pending
from .predictor import Predictor
from .present import Answer, present
from .service import Service
from .switch import Switch
from .tally import Tally
from .trial import Canary, Shadow, Trial

__all__ = [
    "Access",
    "Answer",
    "Beside",
    "Canary",
    "Certificate",
    "Keeper",
    "Keyring",
    "Pending",
    "Predictor",
    "Queue",
    "Service",
    "ServingOptions",
    "Shadow",
    "Switch",
    "Tally",
    "Tls",
    "Trial",
    "certify",
    "check",
    "content_columns",
    "is_loopback",
    "present",
]
