"""What holds for the whole suite."""

from hypothesis import HealthCheck, settings

# How long one example takes is the machine's affair: what must be quick has a bound of its own, in processor seconds.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")
