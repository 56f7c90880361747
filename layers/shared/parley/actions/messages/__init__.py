"""Messages: sending, changing, marking, finding."""
