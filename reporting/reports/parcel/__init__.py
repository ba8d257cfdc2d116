"""Reports about single parcels, one or thousands: the record card and the change of value notice."""
