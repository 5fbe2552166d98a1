"""Certificates: PDF files that anybody can verify."""
