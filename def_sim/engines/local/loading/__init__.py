"""From the files of a checkpoint to a network in memory: which class, device, number type and 4 bit."""
