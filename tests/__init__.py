"""Tests, by what they may touch: see CONTRIBUTING.md."""
