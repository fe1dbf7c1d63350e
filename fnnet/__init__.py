"""A multi-layer perceptron of pure functions over frozen records, on NumPy.

The public names are listed in `__init__.pyi`. Each is imported when it is first used, so a program
pays for what it needs.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

__version__ = "0.2.0"
