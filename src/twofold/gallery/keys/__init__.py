"""Keys: where the master key comes from, and the keys that it protects."""

from twofold.gallery.keys.source import KeySource, MasterKey, generate_key_file

__all__ = ["KeySource", "MasterKey", "generate_key_file"]
