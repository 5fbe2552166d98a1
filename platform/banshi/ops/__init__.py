"""What operators run: the command line, the doctor, backups."""
