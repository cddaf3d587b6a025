"""Who can sign in on the local cloud from the start. The password is no secret: it opens nothing else."""

EMAIL = "you@example.com"
PASSWORD = "only-on-this-machine"
