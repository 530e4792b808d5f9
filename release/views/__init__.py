"""What people and scripts see: terminal, JSON. Values in, text out."""
