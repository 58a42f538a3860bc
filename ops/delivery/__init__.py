"""What a Spacelift run would do and may do: hooks, plan, policies, permissions."""
