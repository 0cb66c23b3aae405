"""Verification: all comparisons of a dataset, their error rates, and pictures of both."""
