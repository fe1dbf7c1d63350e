"""What pytest does not look into for doctests."""

collect_ignore = ["_optax.py"]  # importing it imports JAX, which only a process of its own may
