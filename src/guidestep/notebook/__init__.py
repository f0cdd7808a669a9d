"""What a notebook shows: cards in text and HTML."""
