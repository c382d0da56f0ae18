"""The HTTP API: one version behind /predict, with its limits, its token and a page to try it."""

from .app import create_app
from .server import run

__all__ = ["create_app", "run"]
