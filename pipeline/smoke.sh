#!/usr/bin/env bash
# Stage "Staging", second half: the tests of a deployed stack (tests/deployed), by its name.
#
# usage: pipeline/smoke.sh --stack-name NAME
#
# Uploads two pictures, waits for their records and messages, asks the API, and removes what it made.
# AWS_ENDPOINT_URL, credentials and region are taken as every AWS tool takes them.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
stack_name=''
options stack-name -- "$@"
required stack-name

[ -e .venv/.stamp ] || make .venv/.stamp
AWS_SAM_STACK_NAME="$stack_name" .venv/bin/pytest tests/deployed
