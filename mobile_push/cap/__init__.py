"""Alerts as OASIS Common Alerting Protocol 1.2: values, XML, signatures, Atom, and the API's documents.

Values and bytes only: no database, no HTTP, nothing of mobile_push but its geometry and division codes.
"""
