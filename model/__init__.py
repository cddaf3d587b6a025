"""What SageMaker trains and hosts: prepare, train, evaluate, package, serve.

Serving (`model.inference`, `model.serve`) needs no torch; only what trains imports it.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

# The checks of picture files, which the functions share. An image holds them beside this package; in a
# checkout they lie with the layer.
if find_spec("loupe_formats") is None:
    sys.path.append(str(Path(__file__).resolve().parent.parent / "layers" / "imaging"))
