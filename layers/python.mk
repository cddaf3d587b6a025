# Included by the Makefiles of layers and functions with libraries. Needs make, and Lambda's Python (3.13) with pip.
# What is built is for Lambda's platform, whatever this machine is: pip gets wheels for it, and compiles nothing.
# ARCHITECTURE=arm64 builds for Graviton (the template must say so, too: make deploy ARCHITECTURE=arm64).
# LOUPE_BUILD=host builds for this machine instead of Lambda's, with whatever LAMBDA_PYTHON is.
ARCHITECTURE ?= x86_64
MACHINE_x86_64 = x86_64
MACHINE_arm64 = aarch64
MACHINE = $(MACHINE_$(ARCHITECTURE))
ifeq ($(MACHINE),)
$(error ARCHITECTURE is x86_64 or arm64, as Lambda calls them, and not $(ARCHITECTURE))
endif
ifeq ($(LOUPE_BUILD),host)
LAMBDA_PYTHON ?= python3
else
LAMBDA_PYTHON ?= python3.13
PLATFORM = --platform manylinux_2_28_$(MACHINE) --platform manylinux2014_$(MACHINE) \
	--implementation cp --python-version 3.13
ifneq ($(shell $(LAMBDA_PYTHON) -c 'import pip, sys; print(*sys.version_info[:2])' 2>/dev/null),3 13)
$(error Lambda runs python3.13, and building for it needs Python 3.13 with pip, which $(LAMBDA_PYTHON) is not. \
Get it (uv python install 3.13, pyenv install 3.13, apt install python3.13-venv, brew install python@3.13) \
and put it on the path, or name it: export LAMBDA_PYTHON=/path/to/python3.13)
endif
endif
PIP = $(LAMBDA_PYTHON) -m pip install --quiet --disable-pip-version-check --no-compile --no-deps --require-hashes \
	--only-binary=:all: --root-user-action=ignore --requirement requirements.txt
# SAM leaves .pyc out, and Lambda cannot write them: without these every cold start compiles everything.
COMPILE = find "$(OUT)" -type d \( -name tests -o -name __pycache__ \) -prune -exec rm -rf {} + && \
	$(LAMBDA_PYTHON) -m compileall -q --invalidation-mode unchecked-hash "$(OUT)"
