"""Tell from meaning what a member needs, offers and is; pure, given the states of texts' tokens."""
