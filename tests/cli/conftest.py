"""The command line with hand-written workflows behind it."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import tunewheel.workflows
from tunewheel.cli import main

Result = SimpleNamespace


@pytest.fixture(autouse=True)
def plain_terminal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("TUNEWHEEL_WORKSPACE", "TUNEWHEEL_TOKEN", "FORCE_COLOR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """Run one command line: `code`, `out`, `err`."""

    def run(*arguments: str) -> Result:
        code = main(arguments)
        captured = capsys.readouterr()
        return Result(code=code, out=captured.out, err=captured.err)

    return run


@pytest.fixture
def workflow(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[dict[str, Any]]]:
    """Put a workflow in place of the real one; returns the list of what it will be called with."""

    def replace(module: str, name: str, answer: Any = None) -> list[dict[str, Any]]:
        calls: list[dict[str, Any]] = []

        def fake(*arguments: Any, **flags: Any) -> Any:
            calls.append({"arguments": arguments, **flags})
            if isinstance(answer, BaseException):
                raise answer
            return answer(**flags) if callable(answer) else answer

        existing = sys.modules.get(f"tunewheel.workflows.{module}")
        made = existing if isinstance(existing, FakeModule) else FakeModule(module)
        setattr(made, name, fake)
        monkeypatch.setitem(sys.modules, f"tunewheel.workflows.{module}", made)
        monkeypatch.setattr(tunewheel.workflows, module, made, raising=False)
        return calls

    return replace


class FakeModule(ModuleType):
    """A module made on the spot."""


@dataclass
class FakeVersion:
    id: str
    name: str = "reviews"
    task: str = "text_classification"
    kind: str = "module"
    created: str = "2026-11-23T21:09:16+00:00"
    folder: str = "versions/v0001"
    status: str = "ready"
    scores: dict[str, float] = field(default_factory=lambda: {"accuracy": 0.938})


class FakeWorkspace:
    """A workspace of two versions, the first one live."""

    def __init__(self) -> None:
        self.known = [FakeVersion("v0001"), FakeVersion("v0002")]
        self.live, self.previous, self.reasons = "v0001", "v0002", list[str]()
        self.versions = self
        self.rollout = SimpleNamespace(now=lambda: None, end=self.end)
        self.ended: list[tuple[str, str]] = []

    def __enter__(self) -> "FakeWorkspace":
        return self

    def __exit__(self, *_: object) -> None:
        self.closed = True

    def list(self) -> Sequence[FakeVersion]:
        return self.known

    def aliases(self) -> dict[str, str]:
        return {"live": self.live, "previous": self.previous}

    def promote(self, reference: str, reason: str) -> None:
        self.live, self.previous = reference, self.live
        self.reasons.append(reason)

    def rollback(self) -> None:
        self.live, self.previous = self.previous, self.live

    def end(self, mode: str, reason: str) -> SimpleNamespace:
        self.ended.append((mode, reason))
        return SimpleNamespace(mode=mode, version="v0002")

    def bundle(self, reference: str) -> SimpleNamespace:
        return SimpleNamespace(text=lambda name: f"# {name} of {reference}\n")


@pytest.fixture
def workspace(monkeypatch: pytest.MonkeyPatch) -> FakeWorkspace:
    import tunewheel.workspace

    opened = FakeWorkspace()
    monkeypatch.setattr(tunewheel.workspace.Workspace, "open", lambda *_, **__: opened)
    return opened
