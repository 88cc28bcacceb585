"""What the interoperability scripts share, one module per peer or idea."""
