"""Rows in: reading files, telling columns, finding faults, dividing rows."""

from .columns import Roles, infer
from .profile import profile
from .read import read
from .splits import Splits, divide, divide_rest, overlap
from .table import Table

__all__ = ["Roles", "Splits", "Table", "divide", "divide_rest", "infer", "overlap", "profile", "read"]
