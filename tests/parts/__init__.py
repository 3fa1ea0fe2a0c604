"""One run of which many processes each make a part: begin, part, end."""
