"""What a Lambda worker process runs: AWS's runtime client, ended when the local cloud ends.

Executed by the Lambda interpreter, which holds awslambdaric and boto3 and nothing of this project, so
`parent.py` is loaded from its file.
"""

import importlib.util
import os
import sys
from pathlib import Path


def main() -> None:
    """`bootstrap.py PARENT`: serve `$_HANDLER` from the Runtime API."""
    here = Path(__file__).resolve()
    source = importlib.util.spec_from_file_location("_parent", here.parents[1] / "cloud" / "parent.py")
    assert source is not None
    assert source.loader is not None
    parent = importlib.util.module_from_spec(source)
    source.loader.exec_module(parent)
    parent.die_with(int(sys.argv[1]), grace=0)
    # The script's folder must not be importable by a handler, and is first on the path.
    sys.path[:] = [entry for entry in sys.path if entry != str(here.parent)]

    from awslambdaric.__main__ import main as serve

    serve(["bootstrap", os.environ["_HANDLER"]])


if __name__ == "__main__":
    main()
