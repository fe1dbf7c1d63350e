"""The parts of `reproduce.py`: published results as data, and what runs, judges and shows them."""
