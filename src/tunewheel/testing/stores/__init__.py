"""The contract of a store: what every keeper of versions, roll-out, ledger, seals, tokens and journal must do.

Inherit `StoreContract` in a test class and give it a fixture `store` that answers with a fresh, empty store.
"""

from .journal import JournalContract
from .ledger import LedgerContract
from .rollout import RolloutContract
from .seals import SealContract
from .store import AnyStore, draft_version
from .tokens import TokenContract
from .versions import AliasContract, VersionContract


class StoreContract(
    VersionContract, AliasContract, RolloutContract, LedgerContract, SealContract, TokenContract, JournalContract
):
    """All that a store must do. Needs a fixture `store`."""


__all__ = ["AnyStore", "JournalContract", "StoreContract", "draft_version"]
