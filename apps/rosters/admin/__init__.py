"""Rosters in the administration."""

from . import duties, ground, plans, policy

__all__ = ["duties", "ground", "plans", "policy"]
