"""Fusion: scores to calibrated log-likelihood ratios, and these to a decision with reasons."""
