"""What MiniStack does otherwise than AWS, one module a gap; each says both and has a test."""
