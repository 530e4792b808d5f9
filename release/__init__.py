"""Releases a Cloudflare Workers CMS monorepo: every run converges, and can be rehearsed on one machine."""
