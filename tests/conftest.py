"""What all tests share."""

from hypothesis import HealthCheck, settings

# The machine is shared: a slow example is no failure. CI plays the same examples each time.
settings.register_profile("house", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")
