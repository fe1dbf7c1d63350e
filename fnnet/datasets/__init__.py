"""Data sets: the records, the embedded digits, MNIST."""
