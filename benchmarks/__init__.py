"""What ``make bench`` runs: ours and a peer side by side, in one run on one machine. Trust the ratios."""
