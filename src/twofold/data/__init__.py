"""Datasets: layouts, pairing, inspection, splits, augmentation, synthetic people."""
