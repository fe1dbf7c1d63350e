"""Data sets: samples with labels or targets, their files, splits and scalings."""
