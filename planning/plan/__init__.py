"""What a program would make, as a plan: its page, its data, what two plans differ by, and the order of its end."""
