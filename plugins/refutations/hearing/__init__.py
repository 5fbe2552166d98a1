"""Who is told: those who follow all, and those who asked whether it is true."""
