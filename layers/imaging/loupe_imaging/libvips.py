"""libvips, loaded once with the settings that fit a small worker that reads strangers' files.

Import `pyvips` from here and nowhere else.
"""

import logging
import os

# Read once, when libvips starts. One thread for each of a small worker's vCPUs is more than it has.
os.environ.setdefault("VIPS_CONCURRENCY", "1")

import pyvips

__all__ = ["pyvips"]

LOADERS = ("Jpeg", "Png", "Webp", "Nsgif", "Tiff")

# It warns of every oddity in a file; what matters comes as an error, or to those who listen.
logging.getLogger("pyvips").setLevel(logging.WARNING)
logging.getLogger("pyvips").propagate = False
logging.getLogger("pyvips").addHandler(logging.NullHandler())
# No picture is seen twice: a cache of operations would only hold memory.
pyvips.cache_set_max(0)
# No loader may run but the five that are wanted, whatever a file claims to be.
pyvips.operation_block_set("VipsForeignLoad", True)
for _loader in LOADERS:
    pyvips.operation_block_set(f"VipsForeignLoad{_loader}", False)
pyvips.block_untrusted_set(True)
