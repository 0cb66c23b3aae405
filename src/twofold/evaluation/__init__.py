"""How well a run recognises people: measures with intervals, figures, and the HTML report."""
