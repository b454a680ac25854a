"""What holds for the whole suite."""

import signal

from hypothesis import HealthCheck, settings

# How long one example takes is the machine's affair: what must be quick has a bound of its own, in processor seconds.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")

# A shell starts what it runs in the background deaf to Ctrl-C, and so would be all that tests start and end with it.
signal.signal(signal.SIGINT, signal.default_int_handler)
