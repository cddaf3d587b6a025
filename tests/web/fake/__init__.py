"""A small faithful stand-in for what the page talks to: the API, the OIDC issuer, S3 and the inbox.

Same routes and shapes as the deployed stack, in memory, on loopback. Also serves development of the page:
`.venv/bin/python -m tests.web.fake`.
"""
