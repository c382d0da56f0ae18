from __future__ import annotations

import pytest

from tunewheel.backends import urls
from tunewheel.backends.urls import checked_url, without_password
from tunewheel.errors import WorkspaceError


@pytest.mark.parametrize("start", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_spelling_of_postgres_gets_the_driver_that_is_used(start: str) -> None:
    url = checked_url(f"{start}://ann:secret@db.example:5433/team?sslmode=require")
    assert without_password(url) == "postgresql+psycopg://ann@db.example:5433/team?sslmode=require"


def test_a_password_is_not_written_down_wherever_it_stands() -> None:
    url = checked_url("postgresql://db/team?user=ann&password=secret&sslpassword=secret")
    assert without_password(url) == "postgresql+psycopg://db/team?user=ann"


@pytest.mark.parametrize(
    "text", ["mysql://ann:secret@db/x", "sqlite+pysqlcipher://x", "secret", "", "postgresql://a:secret@b:c/d"]
)
def test_other_databases_are_refused_with_an_example_and_no_secret(text: str) -> None:
    with pytest.raises(WorkspaceError, match="postgresql://user@host/database") as caught:
        checked_url(text)
    assert "secret" not in str(caught.value)


def test_a_missing_driver_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(urls.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(WorkspaceError, match=r"pip install 'tunewheel\[postgres\]'"):
        checked_url("postgresql://db/team")
