"""Maps as vectors: SVG with a scale bar and a north arrow. Pure; shapes come in feet, of the county's State Plane."""
