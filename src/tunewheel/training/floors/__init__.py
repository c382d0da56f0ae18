"""Floors: plain baselines, trained, judged and servable like any module. A floor is found by its name."""

from __future__ import annotations

from .floor import Floor, FloorState
from .linear import LinearFloor, WordsFloor
from .majority import MajorityFloor
from .trees import TreesFloor

FLOORS: dict[str, type[Floor]] = {floor.name: floor for floor in (MajorityFloor, WordsFloor, LinearFloor, TreesFloor)}

__all__ = ["FLOORS", "Floor", "FloorState", "LinearFloor", "MajorityFloor", "TreesFloor", "WordsFloor"]
