"""What the service keeps in the gallery's database: keys, sessions, lockout, limits, repeats."""
