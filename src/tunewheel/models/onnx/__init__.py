"""A trained module as an ONNX graph: in float32, and with weights and activations of eight bits."""
