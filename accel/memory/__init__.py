"""What lies in the memories of the accelerator, word by word, and the frames that bring it there."""
