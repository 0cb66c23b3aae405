"""Runs without a network: labelled pairs are enrolled, and others identified by fused evidence."""
