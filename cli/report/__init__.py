"""A plan as one HTML page that needs nothing beside itself: no network, no other file, no program but a browser."""
