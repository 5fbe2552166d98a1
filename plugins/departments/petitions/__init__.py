"""Petitions: questions, suggestions and grievances, their review, the reception by the leaders, and open days."""
