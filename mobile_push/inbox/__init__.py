"""The inbox: what each person and everybody was sent, in order."""
