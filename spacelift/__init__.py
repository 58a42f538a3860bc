"""Delivery through Spacelift: its resources as code, the runner image, and the policies."""
