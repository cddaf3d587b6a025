"""What SageMaker trains and hosts: prepare, train, evaluate, package, serve.

Serving (`model.inference`, `model.serve`) needs no torch; only what trains imports it.
"""
