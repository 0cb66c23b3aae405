"""The service: an HTTP API and a web console for one gallery."""
