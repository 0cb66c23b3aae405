"""The two-input network: backbones, heads, presets, training, cross-validation, export to ONNX."""
