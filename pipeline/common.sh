# shellcheck shell=bash
# What the scripts of the pipeline share: sourced, not run. Each script says what it does with --help.
set -euo pipefail

self=$(realpath "$0")
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export SAM_CLI_TELEMETRY=0
# boto3 and the SAM CLI do not look at AWS_REGION, which the AWS CLI takes.
[ -z "${AWS_REGION:-}" ] || export AWS_DEFAULT_REGION="${AWS_DEFAULT_REGION:-$AWS_REGION}"
# Lambda's Python, where `make setup` has found it and nobody named another.
if [ -z "${LAMBDA_PYTHON:-}" ] && .venv-lambda/bin/python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null
then export LAMBDA_PYTHON="$PWD/.venv-lambda/bin/python"
fi

# The comment at the head of the script is its help.
help() { sed -n '2,/^[^#]/{/^[^#]/d; s/^# \{0,1\}//; p}' "$self"; }

fail() { echo "$(basename "$0"): $*" >&2; exit 2; }

step() { echo "== $*"; }

# options NAME... -- "$@": sets the variable of each option given (--stack-name sets stack_name), and `rest`.
options() {
  local known=" " name
  while [ "$1" != -- ]; do known+="$1 "; shift; done
  shift
  while [ $# -gt 0 ]; do
    case "$1" in
      -h | --help) help; exit 0 ;;
      --*)
        [[ "$known" == *" ${1#--} "* ]] || fail "there is no option $1 (see --help)"
        [ $# -ge 2 ] || fail "$1 needs a value"
        name=${1#--}
        printf -v "${name//-/_}" '%s' "$2"
        shift 2
        ;;
      *) fail "$1 is not an option (see --help)" ;;
    esac
  done
}

# required NAME...: fails where an option without a default was not given.
required() {
  local name
  for name in "$@"; do
    local variable=${name//-/_}
    [ -n "${!variable:-}" ] || fail "--$name is needed (see --help)"
  done
}

# The SAM CLI of this project, as locked.
sam() { .venv-sam/bin/sam "$@"; }
ask() { .venv-sam/bin/python pipeline/ask.py "$@"; }
# A line a stack, in the order in which they are deployed: its name and its template.
stacks() { PYTHONPATH=. .venv-sam/bin/python -m loupe.stacks; }
needs_sam() { [ -e .venv-sam/.stamp ] || make .venv-sam/.stamp; }
