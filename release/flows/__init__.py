"""What a person asks for, over the same rooms: release, deploy, status, rollback."""
