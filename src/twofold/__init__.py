"""Twofold recognises people by face and iris together."""

__version__ = "0.1.0"
