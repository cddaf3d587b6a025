"""What the stack costs on AWS: an estimate from its own definitions, measured times and published prices."""
