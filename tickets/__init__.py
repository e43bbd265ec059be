"""What the city keeps: tickets and their life, the spool they come from, hand-over to the case system."""
