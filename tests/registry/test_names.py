from __future__ import annotations

from pathlib import Path

import pytest

from tunewheel.errors import WorkspaceError
from tunewheel.registry.names import checked_slug, checked_text, checked_title, contained, path_fault


@pytest.mark.parametrize("name", ["reviews", "评论 2026 (新)", "v2, better"])
def test_titles_of_any_language_are_kept(name: str) -> None:
    assert checked_title(name) == name


@pytest.mark.parametrize("slug", ["text_classification-评论-label", "a.b", "9"])
def test_slugs_of_any_script_are_kept(slug: str) -> None:
    assert checked_slug(slug, "name") == slug


@pytest.mark.parametrize("slug", ["", ".", "..", "a..b", "-a", "a/b", "a\\b", "a\n", "a\0", "字" * 80, "a b"])
def test_what_is_no_slug_is_refused(slug: str) -> None:
    with pytest.raises(WorkspaceError, match="cannot be used"):
        checked_slug(slug, "name")


def test_text_that_a_database_cannot_keep_is_refused() -> None:
    assert checked_text("two\nlines 两行", "note") == "two\nlines 两行"
    for text in ("a\0", "a\ud800"):
        with pytest.raises(WorkspaceError, match="note"):
            checked_text(text, "note")


@pytest.mark.parametrize("name", ["a.json", "tokenizer/vocab.txt", "评论/a.md"])
def test_plain_relative_paths_are_allowed(name: str) -> None:
    assert path_fault(name) is None


@pytest.mark.parametrize(
    "name", ["", "/a", "../a", "a/../b", "a//b", "a/", "./a", "C:a", "a\\b", "a\0", ".a", "a" * 401]
)
def test_other_paths_are_not(name: str) -> None:
    assert path_fault(name)


def test_a_path_that_leaves_through_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "door").symlink_to(tmp_path)
    assert contained(tmp_path / "inside", "a/b.json") == tmp_path / "inside/a/b.json"
    with pytest.raises(WorkspaceError, match="link"):
        contained(tmp_path / "inside", "door/x.json")
