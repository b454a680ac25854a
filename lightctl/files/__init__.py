"""What people write: schedules, inventories and settings; text in, domain values or errors a person can act on out."""
