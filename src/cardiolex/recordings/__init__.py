"""Recordings: files to millivolts by lead name, and on to the arrays that networks take."""
