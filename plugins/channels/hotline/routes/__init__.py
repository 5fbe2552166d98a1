"""The hotline's routes: the switch's, the operators', and the citizen's own."""
