#!/usr/bin/env bash
# Gets a Chromium for the browser tests where it may: Debian's headless shell as root, which takes half of the
# processor time of a whole Chromium, else what there is, else Debian's Chromium or Playwright's own.
# Never fails: without a browser those tests are skipped and say so.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
log=$(mktemp)
trap 'rm -f "$log"' EXIT

works() { "$1" --headless --no-sandbox --version >/dev/null 2>&1; }

installed() {
  local name
  for name in chromium google-chrome; do
    name=$(command -v "$name") && works "$name" && return 0
  done
  # Playwright's own, of the version that it wants.
  .venv/bin/python - 2>/dev/null <<'PYTHON'
import pathlib, sys
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    shell = pathlib.Path(playwright.chromium.executable_path)
found = list(shell.parents[2].glob("chromium_headless_shell-*/*/*shell*")) + [shell]
sys.exit(not any(path.is_file() for path in found))
PYTHON
}

may_install() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

debian_package() {
  may_install || return 1
  export DEBIAN_FRONTEND=noninteractive
  timeout "$2" apt-get update -qq -o DPkg::Lock::Timeout=120 || true
  timeout "$3" apt-get install -qq -y --no-install-recommends -o DPkg::Lock::Timeout=300 "$1" && works "$1"
}

playwrights_own() { timeout 900 .venv/bin/playwright install --only-shell chromium; }

shell=chromium-headless-shell
command -v "$shell" >/dev/null && works "$shell" && exit 0
may_install && echo "Getting Chromium's headless shell for the browser tests …"
debian_package "$shell" 60 300 >"$log" 2>&1 && exit 0
installed && exit 0
echo "Getting Chromium for the browser tests …"
debian_package chromium 300 900 >>"$log" 2>&1 || playwrights_own >>"$log" 2>&1 || {
  echo "There is no Chromium here and none could be installed, so the browser tests are skipped. The end of what was tried:"
  tail -n 3 "$log" | cut -c1-300
}
exit 0
