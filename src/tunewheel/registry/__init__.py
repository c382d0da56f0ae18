"""Bundles, versions and their aliases, the roll-out, the ledger: what is kept, and what a store of it must do."""

from .bases import BaseStore
from .bundle import Bundle, Fill
from .canonical import canonical_json, utc_now
from .frozen import Seal, SealStore
from .ledger import Entry, Ledger
from .manifest import FileMark, Manifest
from .rollout import Mode, Rollout, RolloutStore
from .tokens import SCOPES, Scope, Token, TokenStore, checked_scope, digest, new_secret
from .variants import VariantStore
from .versions import CANDIDATE, LIVE, PREVIOUS, Draft, Kind, Status, Version, VersionStore

__all__ = [
    "CANDIDATE",
    "LIVE",
    "PREVIOUS",
    "SCOPES",
    "BaseStore",
    "Bundle",
    "Draft",
    "Entry",
    "FileMark",
    "Fill",
    "Kind",
    "Ledger",
    "Manifest",
    "Mode",
    "Rollout",
    "RolloutStore",
    "Scope",
    "Seal",
    "SealStore",
    "Status",
    "Token",
    "TokenStore",
    "VariantStore",
    "Version",
    "VersionStore",
    "canonical_json",
    "checked_scope",
    "digest",
    "new_secret",
    "utc_now",
]
