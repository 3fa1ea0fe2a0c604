"""Tests of `notify/`: who is told that a run has ended, by what a real web hook got."""
