"""What `.venv/bin/python -m ops bench` measures: one small stack in several ways."""
