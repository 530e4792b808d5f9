"""The workflow files of a repository, played on this machine: runs, jobs, steps, and the expressions in them."""
