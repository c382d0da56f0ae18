"""Drift: what has changed in the traffic since a version learnt, as effect sizes with thresholds that chance rarely
reaches, the likely cause, and what to do.

`profile` is made once, when a version is trained; `look` compares a window of traffic with it. Neither needs labels of
the traffic.
"""

from __future__ import annotations

from .learn import profile
from .look import Drift, look
from .profile import Profile
from .topics import Topic
from .window import Change

__all__ = ["Change", "Drift", "Profile", "Topic", "look", "profile"]
