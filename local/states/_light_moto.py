"""Keeps moto's import light: this must be imported before anything of moto is.

Of the interpreter's Batch integration moto needs one enumeration, but its module brings the models of EC2
along: half of all the time that importing this package takes.
"""

import sys
from types import ModuleType

_models = ModuleType("moto.batch.models")
_models.batch_backends = None  # type: ignore[attr-defined]
sys.modules.setdefault("moto.batch.models", _models)
