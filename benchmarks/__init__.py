"""What time and memory the project takes, as ratios within one run; never asserted in the tests."""
