"""Picture files before they are decoded: what they are, what decoding them would take, and what is left out.

Standard library only: the functions, the container and the model server share these checks.
"""
