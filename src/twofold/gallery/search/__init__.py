"""Exact 1:N search over fused evidence, in memory and from a memory-mapped snapshot."""

from twofold.gallery.search.candidates import Candidate, Candidates
from twofold.gallery.search.index import Index

__all__ = ["Candidate", "Candidates", "Index"]
