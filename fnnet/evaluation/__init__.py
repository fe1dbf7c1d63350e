"""How good a network is: evaluation, metrics, and a check of its gradients."""
