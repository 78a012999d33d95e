"""The sandboxed decoding processes: pool, both ends of a process, the wire between them, sandbox."""
