"""The HTTP API: one version behind /predict, with its limits, its token and a page to try it."""

from .app import create_app
from .server import application, check_tls, run

__all__ = ["application", "check_tls", "create_app", "run"]
