#!/usr/bin/env bash
# Stage "Build": a release, which is a packaged template a stack; what they name is in S3 and ECR.
#
# usage: pipeline/build.sh --bucket NAME --repository URI [--version NAME] [--output FOLDER]
#
#   --bucket      where code and layers are put, under Releases/
#   --repository  ECR repository of the container function's image; "none" for a release without it
#   --version     the image's tag; a tag is never written twice. Default: the commit's hash
#   --output      where core.yaml, training.yaml and the others, and release.json, are written. Default: build/release
#
# Needs credentials for S3 and ECR, docker (unless --repository none), and Python 3.13, which Lambda runs.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
bucket='' repository='' version='' output=build/release
options bucket repository version output -- "$@"
required bucket repository
version=${version:-$(git rev-parse HEAD)}
mkdir -p "$output"

needs_sam
[ -e .venv-lambda/.stamp ] || make .venv-lambda/.stamp
stacks | while read -r name template; do
  step "Build and package $name"
  LAMBDA_PYTHON="$PWD/.venv-lambda/bin/python" sam build --template-file "$template" \
    --build-dir "build/sam/$name/build" --cache-dir "build/sam/$name/cache"
  sam package --template-file "build/sam/$name/build/template.yaml" --s3-bucket "$bucket" --s3-prefix Releases \
    --output-template-file "$output/$name.yaml" >/dev/null
done

image=''
if [ "$repository" != none ]; then
  name=${repository#*/} registry=${repository%%/*}
  if [ -n "$(ask digest "$name" "$version")" ]; then
    step "$repository:$version is there already"
  else
    step "Build and push $repository:$version"
    ask registry-password | docker login --username AWS --password-stdin "$registry"
    # One manifest and no attestations: Lambda takes no image index.
    docker build --platform linux/amd64 --provenance=false --file container/Dockerfile --target function --tag "$repository:$version" .
    docker push "$repository:$version"
  fi
  image="$repository@$(ask digest "$name" "$version")"
  cp container/template.yaml "$output/container.yaml"
fi

printf '{"version": "%s", "image": "%s"}\n' "$version" "$image" >"$output/release.json"
step "Release $version is in $output"
