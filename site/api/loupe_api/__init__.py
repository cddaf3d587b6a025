"""Loupe's HTTP API: groups, images and predictions."""
