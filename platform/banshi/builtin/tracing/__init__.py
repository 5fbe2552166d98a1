"""What one request led to, across tables and processes: W3C Trace Context, and OpenTelemetry where it is exported.

`kernel.runtime.tracing` is what everybody uses; `spans` is imported only where the environment names an exporter.
"""
