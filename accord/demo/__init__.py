"""The demo community: invented agencies and people, made through the same doors as real ones."""
