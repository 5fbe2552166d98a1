"""Traces for OpenTelemetry, where an exporter is set."""
