"""Lambda's Python runtime on this machine: handlers run under AWS's own runtime client, as they do on AWS."""
