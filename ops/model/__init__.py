"""What a stack's synthesized JSON says about it: recovery times, costs, a picture."""
