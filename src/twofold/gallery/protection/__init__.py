"""Revocable templates: a keyed change that keeps scores (docs/protection.md)."""

from twofold.gallery.protection.transform import Transform

__all__ = ["Transform"]
