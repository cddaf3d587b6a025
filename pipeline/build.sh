#!/usr/bin/env bash
# Stage "Build": a release, which is two packaged templates; what they name is in S3 and ECR.
#
# usage: pipeline/build.sh --bucket NAME --repository URI [--version NAME] [--output FOLDER]
#
#   --bucket      where code and layers are put, under Releases/
#   --repository  ECR repository of the container function's image; "none" for a release without it
#   --version     the image's tag; a tag is never written twice. Default: the commit's hash
#   --output      where template.yaml, container.yaml and release.json are written. Default: build/release
#
# Needs credentials for S3 and ECR, docker (unless --repository none), and Python 3.11.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
bucket='' repository='' version='' output=build/release
options bucket repository version output -- "$@"
required bucket repository
version=${version:-$(git rev-parse HEAD)}
mkdir -p "$output"

step "Build the functions and layers"
needs_sam
[ -e .venv/.stamp ] || make .venv/.stamp
# sam build looks for the functions' interpreter on the path.
PATH="$PWD/.venv/bin:$PATH" sam build --build-dir build/sam --cache-dir build/sam-cache

step "Package them"
sam package --template-file build/sam/template.yaml --s3-bucket "$bucket" --s3-prefix Releases \
  --output-template-file "$output/template.yaml" >/dev/null

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
