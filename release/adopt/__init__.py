"""`inv init`: looks at a monorepo, asks what cannot be seen, and writes what a release needs beside what is there."""
