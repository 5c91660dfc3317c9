"""What the commands share: how they end and print, their options, progress bars."""
