"""JSON over HTTP: one file a resource, their schemas, and the one place that turns errors into status."""
