#!/usr/bin/env bash
# Stages "Staging" and "Production": deploy a release that build.sh made.
#
# usage: pipeline/deploy.sh --stack-name NAME --bucket NAME [--release FOLDER] [--role-arn ARN] [--boundary-arn ARN]
#                           [--parameters "NAME=VALUE ..."]
#
#   --stack-name    the stack; the container function's stack is NAME-container
#   --bucket        the release's bucket; templates are put there too, being too long for a call
#   --release       the release's folder. Default: build/release
#   --role-arn      the role with which CloudFormation deploys. Default: the caller's own permissions
#   --boundary-arn  the permissions boundary of the stacks' roles. Default: none
#   --parameters    further parameters of the stack, such as "TrafficShifting=Canary10Percent5Minutes"
#
# A release with the container function classifies with it, unless --parameters names an EndpointName.
# Deploying what is deployed already changes nothing and succeeds.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
stack_name='' bucket='' release=build/release role_arn='' boundary_arn='' parameters=''
options stack-name bucket release role-arn boundary-arn parameters -- "$@"
required stack-name bucket
[ -f "$release/template.yaml" ] || fail "there is no release in $release: pipeline/build.sh makes one"

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

step "Deploy $stack_name"
# Without --parameter-overrides, parameters keep the values that they have.
overrides=()
[ ${#given[@]} -eq 0 ] || overrides=(--parameter-overrides "${given[@]}")
sam deploy --template-file "$release/template.yaml" --stack-name "$stack_name" "${common[@]}" "${overrides[@]}"
