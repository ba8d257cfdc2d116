"""Who may read what: of requests, of results, and in the admin."""
