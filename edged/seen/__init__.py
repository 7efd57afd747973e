"""What somebody sees who follows a kiosk by its events: turns, their legs, and texts of others. Pure, a leaf."""
