"""Reading a person's own trained network: from an ONNX graph or a state dict to a float network."""
