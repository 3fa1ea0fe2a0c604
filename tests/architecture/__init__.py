"""The rules that keep the rooms of the tracking layer apart."""
