"""API Gateway's HTTP APIs: what MiniStack lacks of them."""
