"""A layer of the tests' stack."""

WHO = "the layer"
