#!/usr/bin/env bash
# docs/site/mermaid.sh TARGET: Mermaid's one script out of its package, if npm is here and the package is the known one.
set -euo pipefail
version=11.12.0
integrity='sha512-ZudVx73BwrMJfCFmSSJT84y6u5brEoV8DOItdHomNLz32uBjNrelm7mg95X7g+C6UoQH/W6mBLGDEDv73JdxBg=='
command -v npm >/dev/null || exit 0
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
npm pack --silent --pack-destination "$folder" "mermaid@$version" >/dev/null
python3 - "$folder/mermaid-$version.tgz" "$integrity" <<'PYTHON'
import base64, hashlib, pathlib, sys
found = hashlib.sha512(pathlib.Path(sys.argv[1]).read_bytes()).digest()
sys.exit(sys.argv[2] != "sha512-" + base64.b64encode(found).decode() and "mermaid's package is not the known one")
PYTHON
mkdir -p "$(dirname "$1")"
tar -xzf "$folder/mermaid-$version.tgz" -C "$folder" package/dist/mermaid.min.js
mv "$folder/package/dist/mermaid.min.js" "$1"
