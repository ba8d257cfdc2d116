"""The packet of an appeal hearing: the card, the comparables and the neighborhood's ratio study in one document."""
