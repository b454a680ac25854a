"""What people write: text to domain values, with errors that teach."""
