"""What measures edged, breaks it or stands in for its world, and is no test of a module: bench, lab, peers, rigs."""
