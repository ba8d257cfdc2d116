"""Values of parcels: the models, the ratio studies that evaluate them, and the jobs that run them."""
