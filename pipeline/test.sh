#!/usr/bin/env bash
# Stage "Test": every test of the project, and the checks of code, templates and policies.
#
# usage: pipeline/test.sh
#
# Reaches PyPI and npm, and no AWS account.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
options -- "$@"

step "make check"
make check
step "make test"
make test
