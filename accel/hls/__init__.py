"""The accelerator in Vitis HLS C++: what is rendered around the headers of `hls_templates`."""
