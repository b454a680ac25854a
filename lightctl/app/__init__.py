"""The running thing: clock, daemon, operations.

The daemon is wired of what is in `running`; what an operation does is in the folder of its subject: schedules,
rollouts, overrides, crews, reasons (`why`), work (orders), citizens (their reports). What all of them lean on stays
here: asking, desk, views, reading.
"""
