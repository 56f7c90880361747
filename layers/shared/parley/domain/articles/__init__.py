"""The knowledge base's rules: articles, their versions, the index that finds them, and votes. No AWS, no clock."""
