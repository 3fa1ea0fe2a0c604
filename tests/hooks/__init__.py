"""The hooks of Kedro."""
