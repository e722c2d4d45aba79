"""Where data goes: hashed, along a space-filling curve, or balanced."""
