"""Values of parcels: the models, the ratio studies that judge them, and the jobs that run them."""
