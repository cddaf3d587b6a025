"""Mail of the local cloud: an SMTP server whose inbox outlives a restart."""
