"""The pipeline's process: what a run says becomes events; its begin, its end, its exporter."""
