"""What the functions share: the workflow's contract, its errors, and the adapters to S3 and SageMaker."""
