#!/usr/bin/env bash
# What only AWS can confirm, confirmed: deploys the core and the site (no page) as a stack of its own, runs the claims of
# docs/aws-readiness.md against it, prints a line each (pass, fail or skip, and why), and removes all that it made.
#
# usage: pipeline/verify_on_aws.sh [--stack-name NAME] [--keep yes] [--deployed NAME]
#
# --deployed NAME asks a core (and its site) that is deployed already, and removes neither. Some ten minutes, half an hour
# at most; a few cents. AWS_ENDPOINT_URL, credentials and region are taken as every AWS tool takes them.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
stack_name="loupe-verify-$(date +%m%d%H%M)"
keep='' deployed=''
options stack-name keep deployed -- "$@"
# All of it is removed in the end.
[[ "$stack_name" == loupe-verify-* ]] || fail "--stack-name must begin with loupe-verify- (or give --deployed)"

[ -e .venv/.stamp ] || make .venv/.stamp
limit=1500
verify() { timeout "$limit" .venv/bin/python pipeline/verify.py "$@"; }

if [ -n "$deployed" ]; then
  verify --stack-name "$deployed"
  exit
fi

needs_sam
cleanup() {
  [ -z "$keep" ] || { echo "Kept, as asked: $stack_name, $stack_name-site"; return; }
  step "Removing what was made"
  timeout 600 .venv/bin/python pipeline/verify.py --stack-name "$stack_name" --remove
}
trap cleanup EXIT
build=$(mktemp -d)
for each in core site; do
  template=${each/#core/.}/template.yaml name=$stack_name given=()
  [ "$each" = core ] || { name=$stack_name-site; given=("CoreStackName=$stack_name" HostPage=false); }
  step "Deploying $name"
  sam build --template-file "$template" --build-dir "$build/$each" > "$build/$each.log" 2>&1 || { cat "$build/$each.log" >&2; exit 1; }
  sam deploy --template-file "$build/$each/template.yaml" --stack-name "$name" --resolve-s3 --capabilities CAPABILITY_IAM \
    --no-confirm-changeset --no-fail-on-empty-changeset ${given[@]+--parameter-overrides "${given[@]}"}
done
verify --stack-name "$stack_name"
