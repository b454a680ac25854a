"""Schedules: from files to a plan, and from a plan, past its guard rails, to the version in force."""
