"""What each analysis makes of a market: thin glue between the sales and the pure statistics. Imported by workers."""
