"""The demo hospital: six sites, their people, and what they write. All of it is invented."""
