"""The local cloud: AWS's services on one loopback port, with no account and no container engine."""
