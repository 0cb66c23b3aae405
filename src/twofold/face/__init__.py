"""Face: detect, align, embed, judge."""
