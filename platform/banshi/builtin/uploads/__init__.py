"""Files that people upload and download: the room that each person has, and the wait until scanners know a file."""
