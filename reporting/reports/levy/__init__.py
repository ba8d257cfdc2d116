"""What districts can levy on projected values."""
