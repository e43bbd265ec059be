"""What this hotline costs and how soon it answers, measured from outside on real calls: `make bench`."""
