"""The outbox, reached from Today: messages in order, one message, and what is done to them."""
