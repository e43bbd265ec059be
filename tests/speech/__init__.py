"""Tests of speech/: sound in, words out, and what callers hear."""
