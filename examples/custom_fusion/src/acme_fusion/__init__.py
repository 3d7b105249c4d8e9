"""What acme's models are made of, told to litewright: see the README."""
