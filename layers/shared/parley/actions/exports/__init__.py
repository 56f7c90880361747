"""Files made of a conversation."""
