"""The cheapest set of node pools that meets a demand, exactly."""
