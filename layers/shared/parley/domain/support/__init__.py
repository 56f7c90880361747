"""The support desk's rules: states, numbers, business hours and clocks of tickets. No AWS, no clock."""
