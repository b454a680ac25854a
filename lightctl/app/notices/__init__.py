"""Notices: people elsewhere are told about faults, each target at its own pace, beside the control loop."""
