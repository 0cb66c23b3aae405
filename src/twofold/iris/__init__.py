"""Iris: segment, unwrap, encode, compare, judge."""
