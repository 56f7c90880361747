"""Link previews: which link of a message gets one, and what a page says about itself. No AWS, no clock."""
