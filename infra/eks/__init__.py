"""Kubernetes on AWS: the EKS cluster, its system nodes and its managed add-ons."""
