"""Effects performed: the only place where what a step wants is done."""
