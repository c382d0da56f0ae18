"""`tasks` and `models`: what there is to choose from."""

from __future__ import annotations

from . import flags


def tasks(as_json: flags.Json = False) -> None:
    """List what a model can be tuned to do."""
    from ..workflows import catalogue
    from . import tables

    tables.show_tasks(catalogue.tasks(), as_json=as_json)


def models(as_json: flags.Json = False) -> None:
    """List the pre-trained bodies."""
    from ..workflows import catalogue
    from . import tables

    tables.show_models(catalogue.models(), as_json=as_json)
