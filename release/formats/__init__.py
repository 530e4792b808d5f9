"""What files and protocols look like: versions, manifests, git objects, SQL, wrangler configuration, Markdown (pure)."""
