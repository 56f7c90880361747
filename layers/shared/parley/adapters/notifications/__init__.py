"""What is stored of notifications, the words that the layer ships for them, and the services that push them."""
