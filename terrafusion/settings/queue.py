"""django-q2 and the job lifecycle's clocks."""

Q_CLUSTER = {"name": "terrafusion", "orm": "default", "workers": 2, "timeout": 3600, "retry": 3600 * 6, "bulk": 1, "queue_limit": 2, "catch_up": False, "ack_failures": True}
