"""The network: params, activations, costs, the two passes and the functions made of them."""
