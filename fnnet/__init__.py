"""A multi-layer perceptron of pure functions over frozen records, on NumPy."""
