"""What is done with sound before a backend hears it: echo cancellation and turn detection."""
