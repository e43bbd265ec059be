"""Every parser of other people's bytes, under bytes that a coverage-guided fuzzer (atheris) thinks of: `make fuzz`."""
