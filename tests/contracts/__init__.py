"""What the layer uses of MLflow and Kedro beyond their public interface still works as it did."""
