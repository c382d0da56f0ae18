from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tunewheel.backends import Store
from tunewheel.testing.stores.journal import answered, spoken

WORK = """
import sys
from tunewheel.backends import Store
from tunewheel.testing.stores.journal import answered, spoken
store, who, batches = Store(sys.argv[1]), sys.argv[2], range(15)
if who == "second":
    batches = reversed(batches)
kept = 0
for batch in batches:
    kept += store.journal.keep([answered(20 * batch + number) for number in range(20)])
    store.journal.say([spoken(number, who=who) for number in range(3)])
    store.ledger.append("note", {"who": who})
print(kept)
"""

DIE_HALFWAY = """
import os, sys
from tunewheel.backends import Store, journal
from tunewheel.testing.stores.journal import answered, spoken
store, insert, calls = Store(sys.argv[1]), journal.insert, []
def dying(table):
    calls.append(table)
    if len(calls) == 2:
        os._exit(9)
    return insert(table)
journal.insert = dying
store.journal.say([spoken(number) for number in range(2 * journal.CHUNK)])
"""


def test_processes_that_write_at_once_lose_nothing_and_keep_nothing_twice(database_url: str) -> None:
    store = Store(database_url)
    started = [
        subprocess.Popen([sys.executable, "-c", WORK, database_url, who], stdout=subprocess.PIPE, text=True)
        for who in ("first", "second")
    ]
    assert sum(int(process.communicate(timeout=100)[0]) for process in started) == 300
    assert store.journal.counts() == {"asked": 300, "said": 90, "drawn": 0}
    assert [each.number for each in store.journal.said()] == list(range(1, 91))
    assert len(store.ledger.entries()) == 30
    store.ledger.verify()
    store.close()


def test_a_process_that_dies_halfway_has_said_nothing(database_url: str) -> None:
    store = Store(database_url)
    store.journal.say([spoken(0)])
    done = subprocess.run([sys.executable, "-c", DIE_HALFWAY, database_url], timeout=60, check=False)
    assert done.returncode == 9
    assert store.journal.counts()["said"] == 1
    assert store.journal.say([spoken(1)]) == 2
    store.close()


def test_a_journal_is_kept_with_its_file(tmp_path: Path) -> None:
    first = Store.in_file(tmp_path / "tunewheel.db")
    first.journal.keep([answered(1)])
    first.close()
    assert list(Store.in_file(tmp_path / "tunewheel.db").journal.asked()) == [answered(1)]


def test_what_is_erased_is_nowhere_in_the_files(tmp_path: Path) -> None:
    store = Store.in_file(tmp_path / "tunewheel.db")
    store.journal.keep([answered(number, row={"text": f"my number is 5550{number} " * 50}) for number in range(20)])
    store.journal.say([spoken(3, row={"text": "my number is 55503"})])
    assert any(b"55503" in path.read_bytes() for path in tmp_path.iterdir())
    assert store.journal.erase("key3") == 2
    assert not any(b"55503 " in path.read_bytes() or b'55503"' in path.read_bytes() for path in tmp_path.iterdir())
    assert len(store.journal.find(["a003"])) == 1
