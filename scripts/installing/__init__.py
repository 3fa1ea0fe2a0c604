"""Brings the tracking layer into a project that was not made from this template."""
