"""The original Scones workflow, rewritten minimally from its contract: three functions, three states."""
