"""Shapes and divisions that an alert is about."""
