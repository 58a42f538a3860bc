"""What a stack has only where its settings say so: off by default, one module for each option."""
