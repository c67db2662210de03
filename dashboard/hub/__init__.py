"""This process's screens: views (what one screen needs), their frames, and the connections that get them."""
