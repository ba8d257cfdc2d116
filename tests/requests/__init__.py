"""What requests for jobs are answered, on record."""
