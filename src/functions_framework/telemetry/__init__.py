"""Traces and metrics of calls: OpenTelemetry and Prometheus, each off unless it is asked for."""
