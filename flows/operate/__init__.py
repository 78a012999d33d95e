"""What operators have of the flows: configuration, credentials, logs, artifacts, names, cancelling."""
