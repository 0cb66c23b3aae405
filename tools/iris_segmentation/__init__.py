"""Trains the compact network that segments eyes, on drawn eyes with exact truth alone."""
