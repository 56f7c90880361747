"""The support desk: opening tickets, finding them, answering and changing them."""
