"""What runs on a PYNQ board."""
