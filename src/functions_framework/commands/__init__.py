"""The sub-commands of the inner loop, a file each; none is imported before it is used."""
