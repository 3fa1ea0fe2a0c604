"""The pages of README.md, docs/ and the generated README: what they print is run as printed."""
