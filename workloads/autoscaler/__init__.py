"""The predictive autoscaler: watches a load, forecasts it, and sets the number of replicas before it is needed."""
