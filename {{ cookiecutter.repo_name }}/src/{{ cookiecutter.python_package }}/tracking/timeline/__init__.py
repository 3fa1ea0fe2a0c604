"""When the nodes of a run ran: MLflow trace, Gantt chart, time log."""
