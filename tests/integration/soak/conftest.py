"""The digits that trainings take."""

from tests.integration.training.conftest import digit_files

__all__ = ["digit_files"]
