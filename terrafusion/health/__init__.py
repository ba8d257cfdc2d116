"""How the platform is doing, for load balancers and Prometheus."""
