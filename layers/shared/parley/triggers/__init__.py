"""One module for each kind of event that starts a function: event in, reply out, errors turned into replies."""
