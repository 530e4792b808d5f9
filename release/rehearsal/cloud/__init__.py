"""A Cloudflare API on this machine: the requests that wrangler makes, over workerd or over memory."""
