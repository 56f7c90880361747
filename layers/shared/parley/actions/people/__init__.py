"""Other people: profiles, the directory, the policy, blocks."""
