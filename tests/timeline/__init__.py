"""The timeline: Gantt chart and trace."""
