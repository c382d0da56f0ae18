"""Pre-trained bodies: the catalogue, fetching, loading, and what stands on them."""
