"""What is heard when: answers in order, barge-in, pre-buffer, pauses."""
