"""What a valuation run changed."""
