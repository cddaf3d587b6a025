#!/usr/bin/env bash
# Stages "Staging" and "Production": deploy a release that build.sh made.
#
# usage: pipeline/deploy.sh --stack-name NAME --bucket NAME [--release FOLDER] [--role-arn ARN] [--boundary-arn ARN]
#                           [--parameters "NAME=VALUE ..."] [--stacks "core training site"]
#
#   --stack-name    the core's stack; the others are NAME-training, NAME-site and NAME-container
#   --bucket        the release's bucket; templates are put there too, being too long for a call
#   --release       the release's folder. Default: build/release
#   --role-arn      the role with which CloudFormation deploys. Default: the caller's own permissions
#   --boundary-arn  the permissions boundary of the stacks' roles. Default: none
#   --parameters    further parameters, such as "TrafficShifting=Canary10Percent5Minutes"; every stack takes those
#                   that it has, and the others take from the core what they have in common with it
#   --stacks        which to deploy. Default: all of the release
#
# A release with the container function classifies with it, unless --parameters names an EndpointName.
# Deploying what is deployed already changes nothing and succeeds.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
stack_name='' bucket='' release=build/release role_arn='' boundary_arn='' parameters='' stacks=''
options stack-name bucket release role-arn boundary-arn parameters stacks -- "$@"
required stack-name bucket
[ -f "$release/core.yaml" ] || fail "there is no release in $release: pipeline/build.sh makes one"

needs_sam
common=(--s3-bucket "$bucket" --s3-prefix Releases --capabilities CAPABILITY_IAM --no-confirm-changeset
  --no-fail-on-empty-changeset --config-file "$PWD/pipeline/samconfig.toml")
[ -z "$role_arn" ] || common+=(--role-arn "$role_arn")

# shellcheck disable=SC2206 # NAME=VALUE pairs, apart by spaces
given=($parameters)
[ -z "$boundary_arn" ] || given+=("PermissionsBoundaryArn=$boundary_arn")

image=$(sed -n 's/.*"image": "\([^"]*\)".*/\1/p' "$release/release.json")
if [ -n "$image" ] && [[ " $parameters " != *" EndpointName="* ]]; then
  step "Deploy $stack_name-container"
  boundary=()
  [ -z "$boundary_arn" ] || boundary=("PermissionsBoundaryArn=$boundary_arn")
  sam deploy --template-file "$release/container.yaml" --stack-name "$stack_name-container" "${common[@]}" \
    --image-repository "${image%@*}" --parameter-overrides "ImageUri=$image" "${boundary[@]}"
  given+=("ClassifierFunctionArn=$(ask output "$stack_name-container" ClassifierFunctionArn)")
fi

# The SAM CLI leaves out what a template has no parameter for.
for name in ${stacks:-$(stacks | cut -d' ' -f1)}; do
  [ -f "$release/$name.yaml" ] || { [ -z "$stacks" ] && continue || fail "the release has no stack $name"; }
  stack=$stack_name values=("${given[@]}")
  if [ "$name" != core ]; then
    stack=$stack_name-$name
    mapfile -t values < <(ask parameters "$stack_name")
    values+=("${given[@]}" "CoreStackName=$stack_name")
  fi
  step "Deploy $stack"
  # Without --parameter-overrides, parameters keep the values that they have.
  overrides=()
  [ ${#values[@]} -eq 0 ] || overrides=(--parameter-overrides "${values[@]}")
  sam deploy --template-file "$release/$name.yaml" --stack-name "$stack" "${common[@]}" "${overrides[@]}"
done
