"""Drills: break a live deployment on purpose and measure how it recovers.

A drill knows AWS only through boto3 and the application only through HTTP, so it does the same on
an account and in the rehearsal of `ops.drills.rehearsal`.
"""
